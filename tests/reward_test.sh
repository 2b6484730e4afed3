#!/bin/bash
# Rewards as a stage: the example trains and evaluates with its verifier, gives the same weights twice,
# scores as the environment itself would where both agree, and a verifier that breaks ends the run and
# gives no reward.   reward_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$source"
run=examples/reward/verifier.toml
small=(--set run.steps=1 --set warm_start.steps=40 --set warm_start.cache= --set eval.final_episodes=8
       --set rollout.groups=2 --set rollout.group_size=8)
sandbox=()
bwrap --unshare-all --ro-bind / / true 2> /dev/null || {
  echo "no sandbox: bubblewrap is missing or may not make user namespaces; tested without"
  sandbox=(--set reward.sandbox=none)
}
# train NAME ARGUMENTS...
train() {
  local name=$1
  shift
  "$program" train "$run" --output "$work/$name" "${small[@]}" --json "$@" \
    > "$work/$name.json" 2> "$work/$name.log" < /dev/null
}

train verifier "${sandbox[@]}" || fail "$(tail -3 "$work/verifier.log")"
tail -n 1 <(grep '"phase":"rl"' "$work/verifier/metrics.jsonl") > "$work/step.json"
json "$work/step.json" 'all(0 <= b <= e for p in r["policies"].values() for b, e in [p["stages"]["reward"]])' |
  grep -q True || fail "no reward stage in the metrics: $(cat "$work/step.json")"
train again "${sandbox[@]}" --set reward.concurrency=2 || fail "$(tail -3 "$work/again.log")"
[[ $(json "$work/verifier.json" 'r["final"]["weights_digest"]') == $(json "$work/again.json" 'r["final"]["weights_digest"]') ]] ||
  fail "the number of episodes that are scored at once changed the weights"
"$program" eval "$work/verifier" --episodes 8 --json > "$work/eval.json" || fail "eval"
# The verifier gives 0.2 for a wrong answer of the right form; nothing else does.
json "$work/eval.json" 'r["reward"]' | grep -qE '^0\.[0-9]' || fail "eval: $(cat "$work/eval.json")"
json "$work/eval.json" 'round((r["reward"] - r["success"]) / 0.2 * 8, 6).is_integer()' | grep -q True ||
  fail "eval does not score with the verifier: $(cat "$work/eval.json")"

# A function that compares as the environment does gives what the environment gives.
function=(--set reward.kind=function --set 'reward.command=[]' --set reward.memory_megabytes=1024
          --set reward.processes=64)
environment=("${function[@]}" --set reward.kind=environment)
train function "${function[@]}" || fail "$(tail -3 "$work/function.log")"
train environment "${environment[@]}" || fail "$(tail -3 "$work/environment.log")"
[[ $(json "$work/function.json" 'r["final"]["weights_digest"]') == $(json "$work/environment.json" 'r["final"]["weights_digest"]') ]] ||
  fail "exact_match does not score as the environment's verifier"
[[ $(json "$work/function.json" 'r["final"]["weights_digest"]') != $(json "$work/verifier.json" 'r["final"]["weights_digest"]') ]] ||
  fail "the verifier's rewards changed nothing"

if train broken "${sandbox[@]}" --set 'reward.command=["false"]' --set reward.retries=1; then
  fail "a verifier that says nothing gave rewards"
fi
# Whichever is seen first: that it has ended, or that it said nothing.
grep -qE 'the verifier: (gave no line|cannot be written to: it ended)' "$work/broken.log" || fail "$(tail -3 "$work/broken.log")"
if train idle "${sandbox[@]}" --set reward.url=http://localhost/; then fail "an idle option was taken"; fi
grep -q 'reward.url would do nothing' "$work/idle.log" || fail "$(tail -3 "$work/idle.log")"
echo "rewards: verifier, function and environment agree with what they say"
