#!/usr/bin/env python3
"""How much of a policy's weights a step of RL changes, and what publishing that takes.

Trains countdown (examples/countdown.toml, with a short warm start) for some steps at each learning
rate, constant after the warm start, with versions.publish, and prints a Markdown table of the share
of stored values that a step changes, the bytes of its payload, and how many times fewer those are
than all values.  delta_share.py PROGRAM [--rates R...] [--dtype D] [--steps N] [--set KEY=VALUE]...

The numbers are those of metrics.jsonl ("published"), so of each step but the last.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile


def steps_of(program, source, rate, arguments, work):
    folder = os.path.join(work, f"{arguments.dtype}-{rate}")
    command = [
        program, "train", os.path.join(source, "examples", "countdown.toml"), "--output", folder,
        "--quiet", "--steps", str(arguments.steps)]
    options = {
        "model.dtype": arguments.dtype, "optimizer.learning_rate": rate,
        "optimizer.schedule": "constant", "versions.publish": "true",
        "warm_start.steps": arguments.warm, "warm_start.cache": os.path.join(work, "cache"),
        "eval.every": 0, "eval.final_episodes": 50, "checkpoint.every": 0}
    settings = [f"{key}={value}" for key, value in options.items()] + arguments.set
    for setting in settings:
        command += ["--set", setting]
    subprocess.run(command, check=True, stdout=sys.stderr)
    out = []
    for line in open(os.path.join(folder, "metrics.jsonl")):
        record = json.loads(line)
        if record["kind"] != "step" or record["phase"] != "rl":
            continue
        for policy in record["policies"].values():
            published = policy.get("published", {})
            if "changed_share" in published:
                out.append({**published, "gradient_norm": policy["gradient_norm"]})
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--rates", nargs="+", default=["1e-6", "3e-6", "1e-5", "1e-4"])
    parser.add_argument("--dtype", default="bf16")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--warm", type=int, default=600, help="warm start steps")
    parser.add_argument("--set", action="append", default=[], help="KEY=VALUE of the run file")
    arguments = parser.parse_args()
    source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    print("| values | learning rate | steps | changed: median | first five | last five "
          "| payload, bytes | all values, bytes | times smaller | seconds |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as work:
        for rate in arguments.rates:
            steps = steps_of(arguments.program, source, rate, arguments, work)
            share = [step["changed_share"] for step in steps]
            payload = statistics.mean(step["payload_bytes"] for step in steps)
            full = steps[-1]["full_bytes"]
            percent = lambda values: f"{100 * statistics.median(values):.2f}%"
            print(f"| {arguments.dtype} | {rate} | {len(steps)} | {percent(share)} "
                  f"| {percent(share[:5])} | {percent(share[-5:])} | {payload:,.0f} | {full:,.0f} "
                  f"| {full / payload:.1f} "
                  f"| {statistics.mean(step['seconds'] for step in steps):.3f} |", flush=True)


main()
