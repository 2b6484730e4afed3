#!/bin/bash
# Each workflow's example, cut short: barrier and micro_batch end with the same weights, whatever the
# budget of answers at once; a resumed self_play ends as one that was not interrupted; options that
# would do nothing are refused.   workflow_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$source"
train() {  # train EXAMPLE NAME OPTIONS...
  local example=$1 name=$2
  shift 2
  "$program" train "examples/$example.toml" --output "$work/$name" --json --set warm_start.steps=6 \
    --set warm_start.batch=16 --set warm_start.cache="$work/cache" --set rollout.groups=4 \
    --set eval.every=0 --set eval.final_episodes=20 "$@" > "$work/$name.json" 2> "$work/err.txt" ||
    { cat "$work/err.txt"; fail "$name did not finish"; }
}
digest() {  # digest EXAMPLE NAME OPTIONS...
  train "$@"
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["final"]["weights_digest"])' \
    "$work/$2.json"
}
for example in debate mixture planner tree per_turn self_play; do
  exact=$(digest $example $example-barrier --steps 3 --set pipeline.mode=barrier)
  other=$(digest $example $example-micro --steps 3 --set pipeline.mode=micro_batch \
    --set run.threads=1 --set rollout.concurrency=3)
  echo "exact: weights of $example: $exact $other" | tee -a "${TROUPE_SHOWN:-/dev/null}"
  [[ -n "$exact" && "$exact" == "$other" ]] || fail "$example depends on timing"
done

# The pool of past versions survives: the newest checkpoint is taken away, and the run goes on.
options=(--steps 6 --set checkpoint.every=2 --set workflow.every=1 --set workflow.pool=3)
whole=$(digest self_play whole "${options[@]}")
rm -r "$work/whole/checkpoints/step-000006"
"$program" train "$work/whole/run.toml" --output "$work/whole" --resume --json > "$work/again.json" \
  2> "$work/err.txt" || { cat "$work/err.txt"; fail "self_play was not resumed"; }
again=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["final"]["weights_digest"])' \
  "$work/again.json")
echo "exact: weights of self_play, whole and resumed: $whole $again"
[[ "$whole" == "$again" ]] || fail "a resumed self_play met other opponents"

rm -r "$work/whole/checkpoints/pool-000004" "$work/whole/checkpoints/step-000006"
if "$program" train "$work/whole/run.toml" --output "$work/whole" --resume > "$work/out.txt" 2>&1; then
  fail "self_play was resumed without a version to play against"
fi
grep -q "pool-000004 is missing" "$work/out.txt" || { cat "$work/out.txt"; fail "no word of it"; }

refused() {  # refused WHAT_IT_SAYS EXAMPLE OPTIONS...
  local says=$1 example=$2
  shift 2
  if "$program" plan "examples/$example.toml" "$@" > "$work/out.txt" 2>&1; then
    fail "$* was accepted"
  fi
  grep -q "$says" "$work/out.txt" || { cat "$work/out.txt"; fail "$* is refused without a word of it"; }
}
refused "would do nothing" tree --set workflow.beam=2
refused "unknown key" debate --set workflow.proposers=2
refused "did you mean 'debate'" debate --set workflow.name=debat
refused "one agent" debate --set environment.name=kuhn
refused "two agents" kuhn --set workflow.name=self_play --set environment.name=sort
refused "group_size = 1" per_turn --set rollout.group_size=4
for name in environment chain debate mixture planner_executor_critic tree_search per_turn self_play; do
  "$program" workflow list | grep -q "^$name " || fail "workflow list lacks $name"
done
