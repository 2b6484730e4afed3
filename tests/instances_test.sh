#!/bin/bash
# A pool of rollout instances, local or emulated, ends with the weights of one engine per policy, and
# says in metrics.jsonl what it did.   instances_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$source"
digest() {  # digest NAME OPTIONS...
  local name=$1
  shift
  "$program" train examples/chain.toml --steps 6 --output "$work/$name" --json \
    --set warm_start.steps=12 --set warm_start.cache="$work/cache" --set eval.every=0 \
    --set eval.episodes=20 --set eval.final_episodes=20 "$@" > "$work/$name.json" 2> "$work/err.txt" ||
    { cat "$work/err.txt"; fail "$name did not finish"; }
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["final"]["weights_digest"])' \
    "$work/$name.json"
}
one=$(digest one)
for kind in "local --set instances.count=5 --set router.kind=power_of_two" \
  "emulated --set instances.count=8 --set instances.engine=emulated --set emulated.weight_bytes=1e6 \
   --set emulated.decode_base=1e-4 --set emulated.prefill_base=1e-4 --set balancer.cooldown_seconds=0.1 \
   --set instances.balance_every=0.02 --set balancer.threshold=1"; do
  # shellcheck disable=SC2086
  set -- $kind
  pooled=$(digest "$@")
  [[ -n "$one" && "$one" == "$pooled" ]] || fail "$1 instances ended with other weights: $pooled, not $one"
  python3 - "$work/$1/metrics.jsonl" <<'P' || fail "$1 instances do not say what they did"
import json, sys
steps = [json.loads(line) for line in open(sys.argv[1])]
pool = [s["instances"] for s in steps if s["kind"] == "step" and s["phase"] == "rl"][-1]
print(pool)
sys.exit(pool["requests"] < 1000 or pool["lost"] != 0 or pool["repeated"] != 0)
P
done
refused() {  # refused TEXT OPTIONS...
  local text=$1
  shift
  "$program" train examples/chain.toml --output "$work/refused" "$@" 2> "$work/err.txt" && fail "$* ran"
  grep -qF -- "$text" "$work/err.txt" || { cat "$work/err.txt"; fail "$* says another thing"; }
}
refused "instances.count is 0" --set router.kind=random
refused "would do nothing" --set instances.count=4 --set emulated.kv_tokens=5
refused "instances.count = 1" --set instances.count=1
