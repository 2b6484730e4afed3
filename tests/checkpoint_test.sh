#!/bin/bash
# troupe checkpoint lists, checks and exports what a run keeps.   checkpoint_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$source"
"$program" train examples/chain.toml --steps 4 --output "$work/run" --quiet --set checkpoint.every=2 \
  --set warm_start.steps=12 --set warm_start.cache= --set eval.every=4 --set eval.episodes=20 \
  --set eval.final_episodes=20
"$program" checkpoint list "$work/run" --json > "$work/list.json"
[[ $(json "$work/list.json" '[c["name"] for c in r][:2] == ["step-000004", "step-000002"]') == True ]] ||
  { cat "$work/list.json"; fail "list"; }
[[ $(json "$work/list.json" 'min(c["bytes"] for c in r) > 100000') == True ]] || fail "sizes"
"$program" checkpoint verify "$work/run" > "$work/verify.txt"
grep -q '^step-000004: whole, after 4 steps' "$work/verify.txt" || fail "verify"

# What is exported loads, and goes on with what the policy says.
"$program" checkpoint export "$work/run" "$work/model" --checkpoint step-000004 --policy first
"$program" generate "$work/model" --prompt "a" --max-tokens 4 --json > "$work/said.json" ||
  fail "the exported folder does not load"
"$program" checkpoint export "$work/run" "$work/other" 2> "$work/err.txt" && fail "two policies, none named"
grep -q -- "--policy: first, second" "$work/err.txt" || fail "the error does not name the policies"

# A flipped byte in a weight is found, named, and only that checkpoint is damaged.
weights=$work/run/checkpoints/step-000002/policy-second/model.safetensors
python3 - "$weights" <<'P'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[-5] ^= 1
open(sys.argv[1], "wb").write(data)
P
"$program" checkpoint verify "$work/run" > "$work/verify.txt" 2> "$work/err.txt" && fail "damage was not seen"
grep -q "policy-second/model.safetensors" "$work/verify.txt" || { cat "$work/verify.txt"; fail "not named"; }
grep -q '^step-000004: whole' "$work/verify.txt" || fail "the other one is whole"
grep -q "1 of" "$work/err.txt" || fail "the count of damaged ones"
