#!/usr/bin/env python3
"""A task of one's own: is a number even ("e") or odd ("o")?

Speaks the line protocol of docs/environments.md: one JSON object a line on standard input, one
line back. Standard library only. It is an environment, a teacher and a reward at once:

    [environment]
    name = "command"
    command = ["python3", "examples/command/guess_parity.py"]
    agents = ["guesser"]
    alphabet = "0123456789>eo"
    max_answer = 1
"""

import json
import random
import sys
import zlib


def held_out(number):
    """A tenth of all numbers is kept for evaluation, whatever the order of the tasks."""
    return zlib.crc32(str(number).encode()) % 10 == 0


def number_of(task):
    """The number of a generated task {"index": i, "split": "train" or "heldout"}."""
    rng = random.Random(f"{task['split']} {task['index']}")
    while True:
        number = rng.randrange(10000)
        if held_out(number) == (task["split"] == "heldout"):
            return number


def answer_of(number):
    return "eo"[number % 2]


class Parity:
    def __init__(self):
        self.number = 0

    def reset(self, task, seed):
        self.number = number_of(task)
        return {"prompts": [{"agent": "guesser", "text": f"{self.number}>"}]}

    def step(self, actions):
        right = actions[0]["text"] == answer_of(self.number)
        return {"done": True, "rewards": {"guesser": float(right)}, "success": right}

    def demonstrate(self, agent, text, noise, seed):
        rng = random.Random(seed)
        right = answer_of(self.number)
        return {"text": rng.choice("eo") if rng.random() < noise else right}

    def reward(self, task, answer):
        """For the dataset environment's reward_command: rows of {"question": number, ...}."""
        right = answer.strip() == answer_of(int(task["question"]))
        return {"reward": float(right), "success": right}


def main():
    parity = Parity()
    for line in sys.stdin:
        (verb, body), = json.loads(line).items()
        print(json.dumps(getattr(parity, verb)(**body)), flush=True)


if __name__ == "__main__":
    main()
