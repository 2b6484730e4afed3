#!/bin/bash
# Eight policies on 1, 2 and 8 slots of training, with states that must go to disk, end with the same
# weights in every mode; killed and resumed too.   binding_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$source"
small=(--steps 20 --set model.width=32 --set model.heads=2 --set warm_start.steps=4
       --set warm_start.batch=32 --set rollout.groups=4 --set rollout.group_size=4
       --set eval.final_episodes=8 --set checkpoint.every=8)
all=(--set training.slots=0 --set training.memory_megabytes=0)
run() {  # run NAME OPTIONS...: leaves NAME.json and the run in NAME
  local name=$1
  shift
  "$program" train examples/eight-agents.toml --output "$work/$name" --json "${small[@]}" \
    --set warm_start.cache="" "$@" > "$work/$name.json" 2> "$work/err.txt" ||
    { cat "$work/err.txt"; fail "$name did not finish"; }
}
digest() { json "$work/$1.json" 'r["final"]["weights_digest"]'; }
same() {  # same WHAT NAME NAME
  local a b
  a=$(digest "$2") b=$(digest "$3")
  echo "exact: weights of $1: $a $b" | tee -a "${TROUPE_SHOWN:-/dev/null}"
  [[ -n "$a" && "$a" == "$b" ]] || fail "$1 ended with other weights"
}
swapped() {  # swapped NAME DISK: states were swapped, and if DISK is 1, through the disk
  python3 - "$work/$1/metrics.jsonl" "$2" <<'P' || fail "swaps of $1"
import json, sys
total = {}
for line in open(sys.argv[1]):
    for key, value in json.loads(line).get("swaps", {}).items():
        total[key] = total.get(key, 0) + value
print(sys.argv[1].split("/")[-2], total)
assert total["count"] >= 20 * 4 and total["bytes_in"] > 0 and total["bytes_out"] > 0, total
assert (total["disk_read"] > 0) == (sys.argv[2] == "1"), total
assert total["seconds_hidden"] >= -1e-9 and total["seconds_shown"] >= 0, total
P
}
for mode in barrier micro_batch overlap; do
  run $mode-8 --set pipeline.mode=$mode "${all[@]}"
  run $mode-1 --set pipeline.mode=$mode --set training.memory_megabytes=1
  swapped $mode-1 1
  same "$mode with 8 slots and 1" $mode-8 $mode-1
done
run micro_batch-2 --set training.slots=2 --set training.memory_megabytes=1 \
  --set run.threads=1 --set pipeline.micro_batch=3
same "micro_batch with 8 slots and 2" micro_batch-8 micro_batch-2
run free --set training.memory_megabytes=0
swapped free 0
same "8 slots, and 1 with memory for all" micro_batch-8 free
[[ $(digest overlap-8) != $(digest micro_batch-8) ]] || fail "overlap was meant to differ"
[[ ! -e "$work/micro_batch-8/states" ]] || fail "a run without shared slots made a folder of states"
# An interruption, and a resume on another number of slots.
run cut --set training.memory_megabytes=1 --set run.max_seconds=0.001
"$program" train "$work/cut/run.toml" --output "$work/cut" --resume --json --max-seconds 0 \
  --set training.slots=2 > "$work/cut.json" 2> "$work/err.txt" || { cat "$work/err.txt"; fail "the resume"; }
same "a run that was cut and resumed" micro_batch-8 cut
# Long enough for a fast machine to be killed in.
"$source/tools/kill_resume.sh" -n 5 -s 3 "$program" examples/eight-agents.toml --steps 300 "${small[@]:2}" \
  --set training.memory_megabytes=1 --set checkpoint.every=3
# What makes no sense is refused, and the number that would do is named.
refused() {  # refused PATTERN OPTIONS...
  local pattern=$1 out
  shift
  if out=$("$program" plan examples/eight-agents.toml "$@" 2>&1); then fail "accepted: $*"; fi
  grep -qE -- "$pattern" <<< "$out" || fail "$*: wanted '$pattern': $out"
}
refused "use at least 7, or lower training.slots" --set training.slots=7 --set training.memory_megabytes=1
