#!/usr/bin/env python3
"""Does a team beat a single agent that was trained on as many tokens?

    tools/solver_verifier_study.py build/release/troupe [--seeds 1 2 3] [--scale 1] [--output DIR]

For each seed: trains the team of examples/solver_verifier.toml; counts the tokens that it was trained
on, both agents and the warm start together (tokens_trained in metrics.jsonl: prompts and answers of
every sample that a backward pass read); trains examples/solver_verifier_single.toml, with the same
solver and algorithm and twice the warm start, for as many steps as make as many tokens; and evaluates
both last checkpoints on the half of the held-out problems that no setting was chosen on. Each is
sampled at temperature 1:

  single           the single agent's one answer
  majority of k    its k answers, voted on
  team of k        the team: k candidates, picked by the verifier
  team, one        the team's solver alone: what the verifier adds is the difference
  team, majority   the team's solver's k candidates, voted on
  team, any        whether one of the k is right: what a perfect verifier would reach

Then what the team gains over the single agent and over its vote, with 95% intervals (Student's t)
over the seeds.

--scale 0.1 shortens both trainings tenfold. A run folder that is there is used again.
Needs nothing but Python 3.8 and the program. Exit status 1 if a command fails.
"""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CANDIDATES = (8, 16)
# Two-sided 95% points of Student's t, by degrees of freedom.
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def call(*arguments):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))}\n{done.stderr}")
    return done.stdout


def trained(folder):
    """Tokens trained on, by phase and policy."""
    tokens = {}
    with open(os.path.join(folder, "metrics.jsonl")) as lines:
        for line in lines:
            record = json.loads(line)
            if record["kind"] != "step":
                continue
            for name, policy in record["policies"].items():
                key = record["phase"], name
                tokens[key] = tokens.get(key, 0) + policy["tokens_trained"]
    return tokens


class Study:
    def __init__(self, arguments):
        self.program = os.path.abspath(arguments.program)
        self.output = arguments.output
        self.scale = arguments.scale
        self.episodes = arguments.episodes

    def train(self, example, seed, warm, steps, folder):
        if not os.path.exists(os.path.join(folder, "report.md")):
            call(self.program, "train", f"{SOURCE}/examples/{example}.toml", "--seed", seed, "--output",
                 folder, "--quiet", "--set", f"warm_start.steps={warm}", "--set", f"run.steps={steps}",
                 "--set", "warm_start.cache=", "--set", "eval.every=0")
        return trained(folder)

    def evaluate(self, folder, pick, k):
        more = [] if pick == "first" else ["--set", f"environment.eval_candidates={k}"]
        out = call(self.program, "eval", folder, "--episodes", self.episodes, "--json", "--set",
                   "environment.held_out=test", "--set", f"environment.pick={pick}", *more)
        return json.loads(out)

    def seed(self, seed):
        """The results of one seed by name, and the tokens of both."""
        warm, steps = round(1400 * self.scale), round(250 * self.scale)
        team = f"{self.output}/team-{seed}"
        tokens = self.train("solver_verifier", seed, warm, steps, team)
        total = sum(tokens.values())
        # A step of the single agent has as many samples as the solver's part of the team's.
        left = total - 2 * tokens["warm_start", "solver"]
        single_steps = math.ceil(left / (tokens["rl", "solver"] / steps))
        single = f"{self.output}/single-{seed}"
        own = self.train("solver_verifier_single", seed, 2 * warm, single_steps, single)
        results = {"single": self.evaluate(single, "first", 1)["success"],
                   "team, one": self.evaluate(team, "first", 1)["success"]}
        for k in CANDIDATES:
            results[f"majority of {k}"] = self.evaluate(single, "majority", k)["success"]
            judged = self.evaluate(team, "verifier", k)
            results[f"team of {k}"] = judged["success"]
            results[f"right verdicts of {k}"] = judged["agent_rewards"]["verifier"]
            results[f"team, majority of {k}"] = self.evaluate(team, "majority", k)["success"]
            results[f"team, any of {k}"] = self.evaluate(team, "any", k)["success"]
        return results, {"team": total, "single": sum(own.values())}


def differences(rows):
    """What the team of k gains over the single agent, and over its vote, with 95% intervals."""
    for k in CANDIDATES:
        for other in ("single", f"majority of {k}"):
            gains = [row[f"team of {k}"] - row[other] for row in rows]
            text = f"team of {k} - {other}: {statistics.mean(gains):+.3f}"
            if len(gains) - 1 in T95:
                mean = statistics.mean(gains)
                half = T95[len(gains) - 1] * statistics.stdev(gains) / math.sqrt(len(gains))
                text += f" (95% interval {mean - half:+.3f} to {mean + half:+.3f})"
            yield text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--episodes", type=int, default=2000)
    parser.add_argument("--output", default="runs/solver_verifier_study")
    arguments = parser.parse_args()
    os.makedirs(arguments.output, exist_ok=True)
    study = Study(arguments)
    rows, tokens = [], []
    for seed in arguments.seeds:
        results, counted = study.seed(seed)
        rows.append(results)
        tokens.append(counted)
        print(f"seed {seed}: {json.dumps(results)} tokens {json.dumps(counted)}", flush=True)
    print(f"\n| {'taken':<22} | mean | " + " | ".join(f"seed {s}" for s in arguments.seeds) + " |")
    print("|---|---|" + "---|" * len(rows))
    for name in rows[0]:
        values = [row[name] for row in rows]
        print(f"| {name:<22} | {statistics.mean(values):.3f} | " +
              " | ".join(f"{v:.3f}" for v in values) + " |")
    print()
    for line in differences(rows):
        print(line)
    for who in ("team", "single"):
        print(f"tokens trained, {who}: " + ", ".join(f"{t[who]:,}" for t in tokens))


if __name__ == "__main__":
    main()
