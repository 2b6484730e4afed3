#!/bin/bash
# What `troupe plan` says of memory is what a run takes: the figure for answers as long as the
# teacher's is within 10% of the process's peak where that is 64 MiB or more (within 8 MiB below),
# and no run exceeds the figure "at most".   memory_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$source"
cat > "$work/large.toml" <<'T'
[run]
steps = 2
[environment]
name = "sort"
[model]
width = 320
layers = 6
heads = 8
ffn = 1280
max_positions = 64
[warm_start]
steps = 2
[rollout]
groups = 8
group_size = 8
[eval]
final_episodes = 32
T
failures=0
# compare NAME RUN.toml OPTIONS...
compare() {
  local name=$1 file=$2
  shift 2
  # A checkpoint beside the training would make the peak depend on how fast the disk is.
  set -- "$@" --set 'warm_start.cache=""' --set run.threads=2 --set checkpoint.background=false
  "$program" plan "$file" "$@" > "$work/plan.txt"
  "$program" train "$file" "$@" --output "$work/run" --json > "$work/run.json" 2> "$work/err.txt" ||
    { cat "$work/err.txt"; fail "$name did not finish"; }
  rm -rf "$work/run"
  python3 - "$name" "$work/plan.txt" "$work/run.json" <<'P' || failures=$((failures + 1))
import json, re, sys
name, plan, run = sys.argv[1:]
text = open(plan).read()
def mib(label):
    value, unit = re.search(label + r": ([\d.]+) (MiB|GiB)", text).groups()
    return float(value) * (1024 if unit == "GiB" else 1)
peak = json.load(open(run))["peak_bytes"] / 2**20
said, most = mib("as long as the teacher's"), mib("memory at most")
print(f"{name:20} peak {peak:7.1f} MiB   plan {said:7.1f} ({said / peak - 1:+.1%})   at most {most:7.1f}")
near = abs(said - peak) <= (0.1 * peak if peak >= 64 else 8)
sys.exit(not (near and peak <= most))
P
}
few=(--set run.steps=3 --set warm_start.steps=60)
compare chain examples/chain.toml "${few[@]}"
compare sort examples/sort.toml "${few[@]}"
compare countdown examples/countdown.toml "${few[@]}"
compare countdown-bf16 examples/countdown.toml "${few[@]}" --set model.dtype=bf16 --set pipeline.recompute=true
compare large "$work/large.toml"
compare large-overlap "$work/large.toml" --set run.steps=6 --set pipeline.mode=overlap
compare large-bf16 "$work/large.toml" --set model.dtype=bf16
compare large-recompute "$work/large.toml" --set pipeline.recompute=true
compare large-tiny-steps "$work/large.toml" --set warm_start.steps=0 --set rollout.groups=2
[[ $failures -eq 0 ]] || fail "$failures plans are too far from the run"
