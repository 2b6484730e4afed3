#!/bin/bash
# troupe checkpoint lists, checks and exports what a run keeps; a run goes on from it with other threads
# and micro-batches, and past a damaged one if it is told to.   checkpoint_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$source"
train=("$program" train examples/chain.toml --steps 4 --json --set checkpoint.every=2
       --set checkpoint.keep=1 --set checkpoint.keep_every=2 --set warm_start.steps=12
       --set "warm_start.cache=$work/cache" --set eval.every=4 --set eval.episodes=20
       --set eval.final_episodes=20)
digest() { json "$1" 'r["final"]["weights_digest"]'; }
"${train[@]}" --output "$work/run" --set run.threads=1 > "$work/run.json" 2> /dev/null
"$program" checkpoint list "$work/run" --json > "$work/list.json"
[[ $(json "$work/list.json" '[c["name"] for c in r if c["kind"] == "step"] == ["step-000004", "step-000002"]') == True ]] ||
  { cat "$work/list.json"; fail "list: the newest and every second step"; }
[[ $(json "$work/list.json" 'all(c["own_bytes"] + c["linked_bytes"] == c["bytes"] > 100000 and 0 <= c["age_seconds"] < 300 for c in r)') == True ]] ||
  { cat "$work/list.json"; fail "sizes and age"; }

# What did not change is the same file, and the metrics say how much that was.
inode() { stat -c %i "$work/run/checkpoints/$1"; }
[[ $(inode step-000004/policy-first/reference/model.safetensors) == \
   $(inode step-000002/policy-first/reference/model.safetensors) ]] || fail "the reference is not linked"
[[ $(inode step-000004/policy-first/model.safetensors) != \
   $(inode step-000002/policy-first/model.safetensors) ]] || fail "weights that differ are one file"
python3 - "$work/run/metrics.jsonl" <<'P' || fail "metrics.jsonl"
import json, sys
rows = {r["name"]: r for r in map(json.loads, open(sys.argv[1])) if r["kind"] == "checkpoint"}
last = rows["step-000004"]
assert last["linked_bytes"] > 0.2 * last["written_bytes"] > 0, last
assert 0 < last["write_seconds"] and 0 <= last["held_seconds"], last
assert {"step-000000", "step-000002", "step-000004"} <= set(rows), rows
P
cp -r "$work/run" "$work/past"
cp -r "$work/run" "$work/broken"
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

# A run goes on from a damaged checkpoint only if it is told to ...
resume() {
  "${train[@]}" --output "$work/$1" --resume --set run.threads=2 --set pipeline.micro_batch=3 "${@:2}" \
    2> "$work/err.txt"
}
rm -r "$work/broken/checkpoints/step-000002"
printf x | dd of="$work/broken/checkpoints/step-000004/policy-first/tokenizer_config.json" bs=1 seek=9 \
  conv=notrunc status=none
resume broken > /dev/null && fail "a damaged checkpoint was taken"
grep -q "step-000004/policy-first/tokenizer_config.json.*--skip-damaged" "$work/err.txt" ||
  { cat "$work/err.txt"; fail "the error does not say what to do"; }
resume broken --skip-damaged > /dev/null && fail "no checkpoint was whole"
grep -q "none of 1 checkpoints is whole" "$work/err.txt" || { cat "$work/err.txt"; fail "none whole"; }
[[ -d "$work/broken/checkpoints/step-000004" ]] || fail "it was set aside though none was whole"
"${train[@]}" --output "$work/none" --skip-damaged > /dev/null 2>&1 && fail "--skip-damaged without --resume"

# ... and then ends with the same weights, also with more threads and other micro-batches.
weights=$work/past/checkpoints/step-000004/policy-second/model.safetensors
head -c 1000 "$weights" > "$work/short" && mv "$work/short" "$weights"
resume past --skip-damaged > "$work/past.json" || { cat "$work/err.txt"; fail "no resume"; }
grep -q "step-000004 is passed over: .*policy-second/model.safetensors" "$work/err.txt" ||
  { cat "$work/err.txt"; fail "not a word of the damaged one"; }
[[ -d "$work/past/checkpoints/step-000004.damaged" ]] || fail "the damaged one is gone"
[[ $(digest "$work/past.json") == $(digest "$work/run.json") ]] ||
  fail "from step 2 with 2 threads and another micro-batch it ends elsewhere"
"$program" checkpoint verify "$work/past" > /dev/null || fail "what is kept is not whole"

"${train[@]}" --output "$work/waits" --set checkpoint.background=false > "$work/waits.json" 2> /dev/null
[[ $(digest "$work/waits.json") == $(digest "$work/run.json") ]] || fail "background changes the weights"

# A checkpoint that cannot be written ends the run, and the one before it is as good as it was. (600 KiB
# hold the rest of the journal, but not an optimizer.)
for background in true false; do
  full=full-$background
  cp -r "$work/run" "$work/$full"
  rm -r "$work/$full/checkpoints/step-000004"
  cp "$work/past/checkpoints/step-000002/policy-second/model.safetensors" \
    "$work/$full/checkpoints/step-000002/policy-second/" # that of the run was damaged above
  (ulimit -f 600 && resume "$full" --set checkpoint.background=$background > /dev/null) &&
    fail "the disk was full and the run went on"
  grep -q "step-000004.*free some space" "$work/err.txt" || { cat "$work/err.txt"; fail "no reason"; }
  "$program" checkpoint verify "$work/$full" step-000002 > /dev/null || fail "the one before is damaged"
  resume "$full" > "$work/full.json" || { cat "$work/err.txt"; fail "no resume with room again"; }
  [[ $(digest "$work/full.json") == $(digest "$work/run.json") ]] || fail "it ends elsewhere"
done
