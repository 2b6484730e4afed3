#!/bin/bash
# A run publishes its versions: the same weights come out as without it, every version can be put
# together and exported, a resume begins a new incarnation.   versions_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$source"
small=(train examples/chain.toml --steps 6 --quiet --set checkpoint.every=3 --set checkpoint.keep=5
       --set model.dtype=bf16 --set warm_start.steps=12 --set warm_start.cache= --set eval.every=0
       --set eval.final_episodes=20)
last() { tail -n 1 "$1/metrics.jsonl" > "$work/last.json"; json "$work/last.json" 'r["weights_digest"]'; }
"$program" "${small[@]}" --output "$work/plain"
[[ ! -e $work/plain/versions ]] || fail "published without being asked"
publish=("${small[@]}" --set versions.publish=true --set versions.anchor_every=3)
"$program" "${publish[@]}" --output "$work/run"
[[ $(last "$work/run") == "$(last "$work/plain")" ]] || fail "publishing changed the result"
python3 - "$work/run/metrics.jsonl" <<'P' || fail "metrics.jsonl"
import json, sys
steps = [json.loads(line) for line in open(sys.argv[1])]
steps = [s for s in steps if s["kind"] == "step" and s["phase"] == "rl"]
for step in steps:
    for policy in step["policies"].values():
        p = policy["published"]
        assert ("changed_share" in p) == (step["step"] > 1), p
        assert 0 < p["payload_bytes"] and 0 <= p.get("changed_share", 1) <= 1 and p["seconds"] > 0, p
P
grep -q "What publishing a version took" "$work/run/report.md" || fail "report.md"

"$program" versions list "$work/run" --json > "$work/list.json"
[[ $(json "$work/list.json" '[p["head"]["number"] for p in r]') == "[6, 6]" ]] || fail "list"
"$program" versions list "$work/run" | grep -q "policy first: version 1.6 is current" || fail "list as text"
"$program" versions verify "$work/run" > "$work/verify.txt" || fail "verify"
grep -q "policy second: 7 of 7 versions whole" "$work/verify.txt" || { cat "$work/verify.txt"; fail "verify"; }

# What is exported is what the checkpoint of that step exports, to the bit.
for step in 3 6; do
  "$program" versions export "$work/run" --policy first --version $step --to "$work/out$step"
  "$program" checkpoint export "$work/run" "$work/kept$step" --policy first --dtype bf16 \
    --checkpoint step-00000$step
  cmp "$work/out$step/model.safetensors" "$work/kept$step/model.safetensors" || fail "export of $step"
done
"$program" generate "$work/out6" --prompt "a" --max-tokens 4 --json > /dev/null || fail "it does not load"
"$program" versions export "$work/run" --policy first --version 9 --to "$work/none" 2> "$work/err.txt" &&
  fail "there is no version 9"
grep -q "version 9 is not kept" "$work/err.txt" || { cat "$work/err.txt"; fail "not named"; }

# After a rollback the older weights are current, under a name of their own.
"$program" versions rollback "$work/run" --policy first --version 3 > "$work/back.txt"
grep -q "version 2.3 is current, with the weights of version 1.3" "$work/back.txt" || fail "rollback"

# A resume from an older checkpoint: the later versions are of a lost timeline.
rm -r "$work/run/checkpoints/step-000006"
cp -r "$work/run" "$work/memory"
"$program" "${publish[@]}" --output "$work/run" --resume
[[ $(last "$work/run") == "$(last "$work/plain")" ]] || fail "the resume ends otherwise"
"$program" versions verify "$work/run" > /dev/null || fail "verify after the resume"
"$program" versions list "$work/run" --json > "$work/again.json"
digests='[p["head"]["digest"] for p in r]'
[[ $(json "$work/again.json" "$digests") == "$(json "$work/list.json" "$digests")" ]] || fail "other weights"
[[ $(json "$work/again.json" '[p["head"]["incarnation"] for p in r]') == "[3, 3]" ]] ||
  { "$program" versions list "$work/run"; fail "incarnation"; }
# The same where the experience is not on the disk and knows no incarnations before.
"$program" "${publish[@]}" --output "$work/memory" --set experience.store=memory --resume
"$program" versions list "$work/memory" --json > "$work/memory.json"
[[ $(json "$work/memory.json" '[p["head"]["incarnation"] for p in r]') == "[3, 3]" ]] || fail "in memory"
[[ $(json "$work/memory.json" "$digests") == "$(json "$work/list.json" "$digests")" ]] || fail "other weights"

# Damage is found and named.
python3 - "$work/run/versions/second/0003-00000005.delta" <<'P'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[-5] ^= 1
open(sys.argv[1], "wb").write(data)
P
"$program" versions verify "$work/run" > "$work/verify.txt" 2>&1 && fail "damage was not seen"
grep -q "version 3.5: payload 0003-00000005.delta" "$work/verify.txt" || { cat "$work/verify.txt"; fail "not named"; }

# Of adapters the adapters are published; what is exported is the merged model.
cat > "$work/run.toml" <<T
[run]
steps = 3
[environment]
name = "chain"
[model]
base = "$work/plain/checkpoints/step-000006/policy-first"
lora_rank = 2
[eval]
every = 0
final_episodes = 20
[versions]
publish = true
T
"$program" train "$work/run.toml" --quiet --output "$work/lora"
"$program" versions verify "$work/lora" > /dev/null || fail "verify adapters"
"$program" versions export "$work/lora" --policy second --to "$work/merged"
"$program" checkpoint export "$work/lora" "$work/merged-kept" --policy second
cmp "$work/merged/model.safetensors" "$work/merged-kept/model.safetensors" || fail "export of an adapter"
