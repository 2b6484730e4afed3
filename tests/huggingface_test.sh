#!/bin/bash
# Starts from folders that other tools made, on a user's JSONL file: trains, stops, resumes to the same
# bits, evaluates, and writes weights that a plain reader understands.
# huggingface_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
head -n 200 "$source/examples/data/countdown-1000.jsonl" > "$work/rows.jsonl"

train() {  # train BASE NAME [MORE...]
  local base=$1 name=$2
  shift 2
  "$program" train "$source/examples/from-huggingface.toml" --output "$work/$name" --json --steps 3 \
    --set model.base="$base" --set environment.path="$work/rows.jsonl" --set warm_start.steps=4 \
    --set warm_start.cache= --set rollout.groups=4 --set rollout.group_size=4 --set eval.every=0 \
    --set eval.final_episodes=20 "$@" > "$work/$name.json" 2> "$work/$name.log" ||
    { cat "$work/$name.log"; fail "training $name"; }
}

for kind in llama qwen3; do
  base=$source/src/model/testdata/foreign-$kind
  train "$base" "$kind"
  digest=$(json "$work/$kind.json" 'r["final"]["weights_digest"]')
  exact='all(p["logprob_mismatch"] == 0 for s in r["steps_log"] for p in s["policies"].values())'
  [[ $(json "$work/$kind.json" "$exact") == True ]] ||
    fail "$kind: rollout and training log-probs differ"

  train "$base" "$kind-stopped" --max-seconds 0.000001
  [[ $(json "$work/$kind-stopped.json" 'r["steps"]') == 1 ]] || fail "$kind did not stop after a step"
  train "$base" "$kind-stopped" --resume
  resumed=$(json "$work/$kind-stopped.json" 'r["final"]["weights_digest"]')
  [[ "$resumed" == "$digest" ]] || fail "$kind: $digest in one go, $resumed after a resume"

  "$program" eval "$work/$kind" --episodes 10 --json > "$work/eval.json" || fail "eval of $kind"
  [[ $(json "$work/eval.json" 'r["weights_digest"]') == "$digest" ]] || fail "eval loaded other weights"

  for i in 1 2; do  # greedy evaluations are the same, and not the sampled one's setting
    "$program" eval "$work/$kind" --episodes 10 --temperature 0 --json > "$work/greedy$i.json" || fail "a greedy eval"
  done
  cmp -s "$work/greedy1.json" "$work/greedy2.json" || fail "two greedy evaluations differ"
  [[ $(json "$work/greedy1.json" 'r["temperature"]') == 0* ]] || fail "a greedy eval at another temperature"
  "$program" eval "$work/$kind" --episodes 10 --top-k 1 --json > "$work/first.json" || fail "an eval with top-k 1"
  [[ $(json "$work/first.json" 'r["response_length"]') == $(json "$work/greedy1.json" 'r["response_length"]') ]] ||
    fail "top-k 1 is not greedy"

  python3 - "$base" "$work/$kind/checkpoints/step-000003/policy-solver" <<'P' || fail "$kind: the folder"
import glob, json, os, struct, sys
def header(path):
    with open(path, "rb") as f:
        (size,) = struct.unpack("<Q", f.read(8))
        out = json.loads(f.read(size))
    return out, 8 + size
source = {}
for path in glob.glob(os.path.join(sys.argv[1], "*.safetensors")):
    source.update(header(path)[0])
path = os.path.join(sys.argv[2], "model.safetensors")
written, start = header(path)
assert written.pop("__metadata__")["format"] == "pt"
source.pop("__metadata__", None)
assert {k: v["shape"] for k, v in source.items()} == {k: v["shape"] for k, v in written.items()}
end = 0
for name, tensor in sorted(written.items(), key=lambda item: item[1]["data_offsets"]):
    count = 4
    for n in tensor["shape"]:
        count *= n
    assert tensor["dtype"] == "F32" and tensor["data_offsets"] == [end, end + count], name
    end += count
assert start + end == os.path.getsize(path)
for name in ("config.json", "tokenizer.json"):
    json.load(open(os.path.join(sys.argv[2], name)))
with open(os.path.join(sys.argv[1], "tokenizer.json")) as a, open(os.path.join(sys.argv[2], "tokenizer.json")) as b:
    assert json.load(a) == json.load(b)
P
  echo "$kind: trained, resumed, evaluated; weights digest $digest"
done

# The end token that was trained with is the one that other programs are told, and a warm start of
# another end token is another one.
base=$source/src/model/testdata/foreign-qwen3
train "$base" usual --set warm_start.cache="$work/cache"
train "$base" again --set warm_start.cache="$work/cache"
train "$base" other --set warm_start.cache="$work/cache" --set 'model.end_token=<|endoftext|>'
grep -q "taken from the cache" "$work/again.log" || fail "the cache was not used"
! grep -q "taken from the cache" "$work/other.log" || fail "the cache forgot the end token"
for run in usual:2 other:0; do
  file=$work/${run%:*}/checkpoints/step-000003/policy-solver/generation_config.json
  [[ $(json "$file" 'r["eos_token_id"]') == "${run#*:}" ]] || { cat "$file"; fail "the end token"; }
done

# A converted folder holds the same model in another format: rounded once, it stays as it is.
base=$source/src/model/testdata/foreign-llama
"$program" convert "$base" "$work/bf16" --dtype bf16 --shard-bytes 5000 > "$work/convert.log" || fail "convert"
grep -q "parameters in bf16" "$work/convert.log" || { cat "$work/convert.log"; fail "what convert says"; }
[[ $(json "$work/bf16/config.json" 'r["torch_dtype"]') == bfloat16 ]] || fail "the dtype of config.json"
[[ $(json "$work/bf16/model.safetensors.index.json" 'len(set(r["weight_map"].values())) > 2') == True ]] ||
  fail "no shards"
"$program" convert "$work/bf16" "$work/fp32" > /dev/null || fail "convert back"
"$program" convert "$base" "$work/direct" > /dev/null || fail "convert to fp32"
cmp "$work/fp32/model.safetensors" "$work/direct/model.safetensors" || fail "bf16 weights changed"
cmp "$work/fp32/config.json" "$work/direct/config.json" || fail "config.json changed"
for bad in "$base $work/fp32" "$base $work/new --dtype fp8" "$base $work/new --shard-bytes 0"; do
  code=0
  "$program" convert $bad > /dev/null 2> "$work/wrong.log" || code=$?
  [[ $code == 2 && $(wc -l < "$work/wrong.log") == 1 ]] || { cat "$work/wrong.log"; fail "convert $bad: $code"; }
  [[ ! -e "$work/new" ]] || fail "convert $bad left a folder"
done

# A shape option beside model.base would do nothing, so it is refused before anything is written.
set +e
"$program" train "$source/examples/from-huggingface.toml" --output "$work/wrong" \
  --set model.base="$source/src/model/testdata/foreign-llama" --set model.width=32 \
  --set environment.path="$work/rows.jsonl" > /dev/null 2> "$work/wrong.log"
code=$?
set -e
[[ ! -e "$work/wrong/run.toml" ]] || fail "a refused run left a run file"
[[ $code == 2 ]] || fail "model.width beside model.base: exit code $code"
grep -q "model.width would do nothing" "$work/wrong.log" || { cat "$work/wrong.log"; fail "the message"; }

# A chat format wraps the prompts: the same folder learns something else, on both sides alike.
base=$source/src/model/testdata/foreign-qwen3
train "$base" chat --set warm_start.cache="$work/cache" --set model.chat=auto --set 'model.system=Be brief.'
! grep -q "taken from the cache" "$work/chat.log" || fail "the cache forgot the chat format"
[[ $(json "$work/chat.json" "$exact") == True ]] || fail "chat: rollout and training log-probs differ"
[[ $(json "$work/chat.json" 'r["final"]["weights_digest"]') != $(json "$work/usual.json" 'r["final"]["weights_digest"]') ]] ||
  fail "the chat format changed nothing"
"$program" eval "$work/chat" --episodes 10 > /dev/null || fail "eval of the chat run"
code=0
"$program" train "$source/examples/from-huggingface.toml" --output "$work/wrong" --set model.base="$base" \
  --set model.chat=llama3 --set environment.path="$work/rows.jsonl" > /dev/null 2> "$work/wrong.log" || code=$?
[[ $code == 2 ]] || fail "a chat format without its tokens: exit code $code"
grep -q "needs the special token <|begin_of_text|>" "$work/wrong.log" || { cat "$work/wrong.log"; fail "the message"; }
