#!/usr/bin/env python3
"""Writes countdown-1000.jsonl: a thousand different problems, one JSON object a line.

    python3 examples/data/make_countdown.py > examples/data/countdown-1000.jsonl

A row is {"nums": [7, 2, 5], "target": 17}: make the target from the numbers, each used exactly once,
with + - and *. Every target can be reached. Standard library only; the seed makes it repeatable.
"""

import itertools
import json
import random

ROWS = 1000
COUNT = 3
NUMBER_MAX = 9
TARGET_MAX = 99


def values(numbers):
    """All values of expressions over the numbers, each number used once."""
    if len(numbers) == 1:
        return {numbers[0]}
    out = set()
    for size in range(1, len(numbers)):
        for places in itertools.combinations(range(len(numbers)), size):
            left = [numbers[i] for i in places]
            right = [n for i, n in enumerate(numbers) if i not in places]
            for a, b in itertools.product(values(left), values(right)):
                out.update((a + b, a - b, a * b))
    return out


def main():
    rng = random.Random(2024)
    seen = set()
    while len(seen) < ROWS:
        nums = [rng.randint(1, NUMBER_MAX) for _ in range(COUNT)]
        target = rng.choice(sorted(v for v in values(nums) if 1 <= v <= TARGET_MAX))
        problem = (tuple(sorted(nums)), target)
        if problem in seen:
            continue
        seen.add(problem)
        print(json.dumps({"nums": nums, "target": target}))


if __name__ == "__main__":
    main()
