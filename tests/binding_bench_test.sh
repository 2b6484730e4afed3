#!/bin/bash
# The benchmark of shared slots: its flags, and that its figures add up. Says nothing about speed.
#   tests/binding_bench_test.sh BINDING
set -uo pipefail
binding=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
refused() {  # refused PATTERN ARGS...: exit code 2 and a message
  local pattern=$1 out code=0
  shift
  out=$("$binding" "$@" 2>&1) || code=$?
  [[ $code -eq 2 ]] && grep -qE -- "$pattern" <<<"$out" || fail "$*: exit $code, wanted 2 and '$pattern': $out"
}
refused "not expected: --speed" --speed
refused "policies: .*1 not in" --policies 1
small=(--parameters 20000 --groups 3 --rows 2 --tokens 16 --steps 2 --threads 2 --folder "$work/states")
"$binding" "${small[@]}" --policies 5 > "$work/out.txt" || fail "a table ended with $?"
grep -qE '^one_slot_memory_for_two +[0-9.]+ +[0-9.]+x' "$work/out.txt" || fail "the table's line"
"$binding" "${small[@]}" --json > "$work/out.json" || fail "a quick run ended with $?"
[[ ! -e "$work/states" ]] || fail "the folder of states is left"
python3 - "$work/out.json" <<'P' || fail "figures, see above"
import json, sys
out = json.load(open(sys.argv[1]))
near = lambda a, b: abs(a - b) <= 1e-6 * abs(b)
own, one, two = out["variants"]
assert [v["slots"] for v in (own, one, two)] == [0, 1, 1], out
assert out["policies"] == 8 and out["tokens_per_step"] == 8 * 3 * 2 * 16, out
assert own["swaps_per_step"] == 0 and own["throughput_ratio"] == 1, own
for v in (one, two):
    assert near(v["throughput_ratio"] * v["seconds_per_step"], own["seconds_per_step"]), v
    # Everyone must have had a turn, but for who kept the slot from the step before.
    assert v["swaps_per_step"] >= 7, v
    assert 0 <= v["shown_seconds_per_step"] <= v["swap_seconds_per_step"] + 1e-9, v
assert one["disk_read_per_step"] == 0 and two["disk_read_per_step"] > 0, out
budget = 2 * (2 * out["state_bytes"] + 64)
assert out["state_bytes"] <= two["peak_state_bytes"] <= budget < one["peak_state_bytes"], (budget, two, one)
P
echo "$failures failures"
[[ $failures -eq 0 ]]
