#!/bin/bash
# Agents that attack their sandbox: a coder is shown six attacks until it writes them by itself. In
# training each is stopped and counted under a name of its own, no group fails for it, and the steps go
# on beside tasks that can be solved.   code_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
"$program" env check code --tasks 1 > "$work/check.txt" 2> "$work/check.log" || {
  grep -qE "lua5.4|bubblewrap" "$work/check.log" || fail "$(cat "$work/check.log")"
  echo "skipped: $(cat "$work/check.log")"
  exit 0
}
"$program" train "$source/examples/code.toml" --output "$work/run" --json --steps 3 --seed 1 \
  --set 'environment.families=["linear", "drill"]' --set environment.seconds=0.3 \
  --set model.max_positions=96 --set rollout.max_answer=64 --set rollout.groups=20 \
  --set rollout.group_size=2 --set warm_start.steps=350 --set warm_start.noise=0 \
  --set warm_start.cache= --set eval.every=0 --set eval.final_episodes=10 > "$work/out.json" \
  2> "$work/log" < /dev/null || fail "$(tail -5 "$work/log")"
grep -l "(limit: " "$work"/run/transcripts/*.txt > /dev/null || fail "no transcript names a limit"
python3 - "$work/run/metrics.jsonl" <<'P'
import collections, json, sys
steps = [json.loads(line) for line in open(sys.argv[1])]
steps = [s for s in steps if s["kind"] == "step" and s["phase"] == "rl"]
assert len(steps) == 3, len(steps)
limits = collections.Counter()
for s in steps:
    limits.update(s["flow"].get("limits", {}))
    assert s["flow"]["failed_groups"] == 0, s["flow"]
print("stopped:", dict(limits), "solved:", [s["policies"]["coder"]["success"] for s in steps])
missing = {"time", "memory", "processes", "output", "network", "files"} - set(limits)
assert not missing, f"never stopped by name: {missing}"
assert max(s["policies"]["coder"]["success"] for s in steps) > 0, "nothing was solved beside it"
P
