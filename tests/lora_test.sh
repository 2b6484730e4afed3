#!/bin/bash
# Two policies train adapters of their own on one base: they learn, rollout and training agree to the
# bit, a stopped run goes on to the same bits, and an adapter is not put on another base.
# lora_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"

# make_base NAME STEPS: a model that plays both agents of a chain team, after a warm start alone.
make_base() {
  "$program" train "$source/examples/chain.toml" --output "$work/$1" --json --steps 0 \
    --set warm_start.steps="$2" --set warm_start.cache= --set eval.final_episodes=20 \
    --set 'policy.team.agents=["first","second"]' > "$work/$1.json" 2> "$work/$1.log" ||
    { cat "$work/$1.log"; fail "the base $1"; }
}
make_base base 200
make_base other 1
cp -r "$work/base/checkpoints/step-000000/policy-team" "$work/model"

cat > "$work/run.toml" <<E
[run]
steps = 20
[environment]
name = "chain"
[model]
base = "$work/model"
lora_rank = 8
[optimizer]
learning_rate = 5e-3
[algorithm]
entropy_floor = 0.1
[eval]
every = 0
final_episodes = 200
[policy.first]
[policy.second.model]
lora_rank = 4
lora_rule = "rslora"
lora_alpha = 4
lora_targets = ["q", "v", "down"]
E
train() {  # train NAME [MORE...]
  local name=$1
  shift
  "$program" train "$work/run.toml" --output "$work/$name" --json "$@" \
    > "$work/$name.json" 2> "$work/$name.log" || { cat "$work/$name.log"; fail "training $name"; }
}
refused() {  # refused MESSAGE COMMAND...: the command ends with code 2 and this message
  local message=$1 code=0
  shift
  "$@" > /dev/null 2> "$work/refused.log" || code=$?
  [[ $code == 2 ]] || { cat "$work/refused.log"; fail "exit code $code of: $*"; }
  grep -q -- "$message" "$work/refused.log" || { cat "$work/refused.log"; fail "not: $message"; }
}

train whole
before=$(json "$work/whole.json" 'r["warm_start"]["success"]')
after=$(json "$work/whole.json" 'r["final"]["success"]')
[[ $(json "$work/whole.json" 'r["final"]["success"] > r["warm_start"]["success"] + 0.2') == True ]] ||
  fail "success $before -> $after"
exact='all(p["logprob_mismatch"] == 0 for s in r["steps_log"] for p in s["policies"].values())'
[[ $(json "$work/whole.json" "$exact") == True ]] || fail "rollout and training log-probs differ"
digest=$(json "$work/whole.json" 'r["final"]["weights_digest"]')
[[ $("$program" plan "$work/run.toml" | grep -c "base, shared") == 1 ]] ||
  fail "the plan counts the shared base more than once"

train stopped --max-seconds 0.000001
[[ $(json "$work/stopped.json" 'r["steps"]') == 1 ]] || fail "it did not stop after a step"
train stopped --resume
resumed=$(json "$work/stopped.json" 'r["final"]["weights_digest"]')
[[ "$resumed" == "$digest" ]] || fail "$digest in one go, $resumed after a resume"

"$program" eval "$work/whole" --checkpoint step-000020 --episodes 20 --json > "$work/eval.json" ||
  fail "eval"
[[ $(json "$work/eval.json" 'r["weights_digest"]') == "$digest" ]] || fail "eval loaded other weights"

# A warm start of adapters comes back from the cache.
for name in warm again; do
  train $name --steps 0 --set warm_start.steps=3 --set warm_start.cache="$work/cache"
done
grep -q "taken from the cache" "$work/again.log" || fail "the cache was not used"
[[ $(json "$work/warm.json" 'r["final"]["weights_digest"]') == \
   $(json "$work/again.json" 'r["final"]["weights_digest"]') ]] || fail "the cache holds other weights"

python3 - "$work/whole/checkpoints/step-000020/policy-second" <<'P' || fail "the adapter's files"
import json, os, struct, sys
config = json.load(open(os.path.join(sys.argv[1], "adapter_config.json")))
assert config["peft_type"] == "LORA" and config["r"] == 4 and config["use_rslora"] is True, config
assert config["target_modules"] == ["q_proj", "v_proj", "down_proj"], config
with open(os.path.join(sys.argv[1], "adapter_model.safetensors"), "rb") as f:
    names = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
layer = "base_model.model.model.layers.1.self_attn.q_proj."
assert names[layer + "lora_A.weight"]["shape"] == [4, 64], names
assert names[layer + "lora_B.weight"]["shape"] == [64, 4], names
assert len(names) == 1 + 2 * 3 * 2, names
P

# Merged for export: weights that W + s B A says, and a folder that is a base like any other.
adapter=$work/whole/checkpoints/step-000020/policy-second
"$program" convert "$work/model" "$work/merged" --adapter "$adapter" > /dev/null || fail "convert"
python3 - "$work/model" "$adapter" "$work/merged" <<'P' || fail "the merged weights"
import json, os, struct, sys
def read(folder, name):
    data = open(os.path.join(folder, name), "rb").read()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    def tensor(key):
        first, last = header[key]["data_offsets"]
        return struct.unpack(f"<{(last - first) // 4}f", data[start + first:start + last])
    return tensor, [key for key in header if key != "__metadata__"]
base, names = read(sys.argv[1], "model.safetensors")
lora, _ = read(sys.argv[2], "adapter_model.safetensors")
merged, _ = read(sys.argv[3], "model.safetensors")
rank, scale = 4, 4 / 4 ** 0.5
changed = 0
for name in names:
    old, new = base(name), merged(name)
    if not name.endswith(("q_proj.weight", "v_proj.weight", "down_proj.weight")):
        assert old == new, name
        continue
    stem = "base_model.model." + name[:-len("weight")]
    a, b = lora(stem + "lora_A.weight"), lora(stem + "lora_B.weight")
    inputs = len(a) // rank
    for i in range(len(old)):
        row, column = divmod(i, inputs)
        update = sum(b[row * rank + r] * a[r * inputs + column] for r in range(rank))
        assert abs(new[i] - old[i] - scale * update) < 1e-6, (name, i)
        changed += new[i] != old[i]
assert changed > 1000, changed
P
"$program" train "$work/run.toml" --output "$work/from-merged" --steps 0 --json \
  --set model.base="$work/merged" > "$work/merged.json" 2> "$work/merged.log" ||
  { cat "$work/merged.log"; fail "a run on the merged base"; }
refused "has no place" "$program" convert "$source/src/model/testdata/foreign-qwen3" "$work/wrong" \
  --adapter "$adapter"

rm -r "$work/model"
cp -r "$work/other/checkpoints/step-000000/policy-team" "$work/model"
refused "trained on other weights" "$program" eval "$work/whole" --episodes 1
refused "model.lora_rank is 0" "$program" plan "$source/examples/chain.toml" --set model.lora_alpha=2
refused "an adapter needs a base" "$program" plan "$source/examples/chain.toml" --set model.lora_rank=2
refused "use some of" "$program" plan "$work/run.toml" --set 'model.lora_targets=["q_proj"]'
echo "success $before -> $after with two adapters on one base; weights digest $digest"
