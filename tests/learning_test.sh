#!/bin/bash
# A short real training run must improve by a margin that chance does not explain, with rollout and
# training log-probs equal to the bit in every step.   learning_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
"$program" train "$source/examples/sort.toml" --output "$work/run" --json --steps 40 \
  --set warm_start.steps=150 --set warm_start.cache= --set eval.every=0 > "$work/out.json" \
  2> "$work/log" || { cat "$work/log"; fail "training"; }
python3 - "$work/out.json" "$work/run" <<'P'
import json, math, os, sys
r = json.load(open(sys.argv[1]))
n = r["final"]["episodes"]
before, after = r["warm_start"]["success"], r["final"]["success"]
deviation = math.sqrt((before * (1 - before) + after * (1 - after)) / n)
print(f"success {before:.3f} -> {after:.3f} on {n} held-out episodes ({(after - before) / deviation:.1f} deviations)")
assert n == 1000
assert after - before > 6 * deviation, "no significant improvement"
steps = [json.loads(line) for line in open(os.path.join(sys.argv[2], "metrics.jsonl"))]
steps = [s for s in steps if s["kind"] == "step" and s["phase"] == "rl"]
assert len(steps) == 40
for s in steps:
    for p in s["policies"].values():
        assert p["logprob_mismatch"] == 0, s["step"]
        assert p["staleness"] == 0
        assert p["gradient_norm"] > 0
for name in ("report.md", "run.toml", "metrics.jsonl"):
    assert os.path.getsize(os.path.join(sys.argv[2], name)) > 0
P
