#!/bin/bash
# A run that is killed with kill -9 at random moments and resumed ends with the same weights as one
# left alone, and its metrics hold every step once.   resume_test.sh PROGRAM SOURCE_DIR [KILLS] [SEED]
program=$1 source=$2 kills=${3:-8} RANDOM=${4:-7}
. "$source/tests/program.sh"
run() {  # run NAME [MORE...]: a small chain team, deterministic, checkpointed every other step.
  # In a subshell that becomes the program, so that $! is the program's own id.
  local name=$1; shift
  exec "$program" train "$source/examples/chain.toml" --output "$work/$name" --json --steps 24 \
    --set warm_start.steps=12 --set warm_start.cache="$work/cache-$name" --set checkpoint.every=2 \
    --set eval.every=7 --set eval.episodes=20 --set eval.final_episodes=50 "$@"
}

(run alone) > "$work/alone.json" 2> "$work/alone.log" || { cat "$work/alone.log"; fail "left alone"; }
took=$(json "$work/alone.json" 'int(1000 * r["seconds"])')

killed=0
for ((i = 0; i < kills; ++i)); do
  run killed --resume > "$work/killed.json" 2> "$work/killed.log" &
  pid=$!
  sleep "$(python3 -c "print(0.02 + $((RANDOM % 1000)) / 1000 * $took / 1000 * 0.4)")"
  if kill -9 $pid 2>/dev/null; then killed=$((killed + 1)); fi
  wait $pid 2>/dev/null || true
done
[[ $killed -gt 0 ]] || fail "no run was killed: the test proved nothing"
(run killed --resume) > "$work/killed.json" 2> "$work/killed.log" ||
  { cat "$work/killed.log"; fail "the last resume"; }

for what in 'r["final"]["weights_digest"]' 'r["final"]["success"]' 'r["warm_start"]["success"]'; do
  a=$(json "$work/alone.json" "$what") b=$(json "$work/killed.json" "$what")
  [[ "$a" == "$b" ]] || fail "$what: $a left alone, $b after $killed kills"
done
steps=$(python3 - "$work/killed/metrics.jsonl" <<'P'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
steps = [r["step"] for r in rows if r["kind"] == "step" and r["phase"] == "rl"]
print(steps == list(range(1, 25)) or steps)
P
)
[[ "$steps" == True ]] || fail "metrics.jsonl does not hold each step once: $steps"
echo "killed $killed times; weights digest $(json "$work/alone.json" 'r["final"]["weights_digest"]') both times"
