#!/usr/bin/env python3
"""Is overlap with staleness 1 and a correction as good as micro_batch?

    tools/pipeline_study.py PROGRAM [--seeds 10] [--tasks guess,countdown] [--jobs 1] [--output DIR]

Trains each task with each seed in both modes, same options but the mode and the correction, from the
same warm start, and prints the paired differences in held-out success (overlap - micro_batch), their
mean, and the lower end of the one-sided 95% interval (Student's t). Not inferior: above -0.05.
Runs that DIR holds already are not repeated. Exit code 1 if a task misses the bound.
"""

import argparse
import concurrent.futures
import json
import math
import pathlib
import subprocess
import sys

# Shorter than the examples, so that the study takes minutes; both modes alike.
TASKS = {
    "guess": ["--steps", "150", "--set", "eval.every=1000"],
    "countdown": ["--steps", "120", "--set", "warm_start.steps=800", "--set", "eval.every=1000"],
}
MODES = {
    "micro_batch": [],
    "overlap": ["--set", "pipeline.mode=overlap", "--set", "pipeline.staleness=1",
                "--set", "algorithm.loss=decoupled_ppo"],
}
MARGIN = -0.05
# One-sided 95% points of Student's t, by degrees of freedom.
T95 = {1: 6.314, 2: 2.920, 3: 2.353, 4: 2.132, 5: 2.015, 6: 1.943, 7: 1.895, 8: 1.860, 9: 1.833,
       10: 1.812, 14: 1.761, 19: 1.729, 29: 1.699}


def train(program, folder, task, seed, mode):
    out = folder / f"{task}-{seed}-{mode}"
    result = out.with_suffix(".json")
    if not result.exists():
        command = [program, "train", f"examples/{task}.toml", "--seed", str(seed), "--json",
                   "--output", str(out), "--set", "run.threads=1",
                   "--set", f"warm_start.cache={folder}/cache", *TASKS[task], *MODES[mode]]
        with open(out.with_suffix(".log"), "w") as log:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=log, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} failed: see {out.with_suffix('.log')}")
        result.write_text(done.stdout)
    return json.loads(result.read_text())["final"]["success"]


def both(program, folder, task, seed):
    return {mode: train(program, folder, task, seed, mode) for mode in MODES}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--tasks", default="guess,countdown")
    parser.add_argument("--jobs", type=int, default=2, help="runs at once; each has one thread")
    parser.add_argument("--output", default="runs/pipeline-study")
    args = parser.parse_args()
    folder = pathlib.Path(args.output)
    folder.mkdir(parents=True, exist_ok=True)
    missed = False
    for task in args.tasks.split(","):
        seeds = range(1, args.seeds + 1)
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            jobs = [pool.submit(both, args.program, folder, task, seed) for seed in seeds]
            pairs = []
            for seed, job in zip(seeds, jobs):
                pairs.append(job.result())
                p = pairs[-1]
                print(f"{task} seed {seed}: micro_batch {p['micro_batch']:.3f}, "
                      f"overlap {p['overlap']:.3f}", flush=True)
        differences = [p["overlap"] - p["micro_batch"] for p in pairs]
        n = len(differences)
        mean = sum(differences) / n
        if n < 2:
            continue
        deviation = math.sqrt(sum((d - mean) ** 2 for d in differences) / (n - 1))
        lower = mean - T95.get(n - 1, 1.66) * deviation / math.sqrt(n)
        verdict = "not inferior" if lower > MARGIN else "MISSED"
        missed = missed or lower <= MARGIN
        print(f"{task}: mean difference {mean:+.4f} over {n} pairs, lower 95% bound {lower:+.4f} "
              f"(to be above {MARGIN}): {verdict}", flush=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
