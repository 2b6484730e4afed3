#!/bin/bash
# The benchmark of swapping training states and of sharing slots: its flags, that its figures add up,
# and that it leaves nothing behind. Says nothing about speed.
#   tests/bench/swap_test.sh SWAP
bench=$1
. "$(dirname "$0")/bench.sh"
refused "mib: .*1 not in" --mib 1
refused "does not exist" --folder "$work/absent"
refused "policies: .*1 not in" --policies 1
refused "would do nothing: only policies reads it" --only bandwidth --steps 2

mkdir "$work/files"
"$bench" --only bandwidth --seconds 0 --mib 9 --folder "$work/files" --json > "$work/out.json" || fail "a quick run ended with $?"
small=(--parameters 20000 --groups 3 --rows 2 --tokens 16 --steps 2 --threads 2)
"$bench" --seconds 0 --mib 4 "${small[@]}" --policies 5 --folder "$work/files" > "$work/out.txt" || fail "a table ended with $?"
"$bench" --only policies "${small[@]}" --folder "$work/files" --json > "$work/team.json" || fail "a team ended with $?"
[[ -z $(ls "$work/files") ]] || fail "files are left: $(ls "$work/files")"
grep -qE '^a state of 4 MiB; 8 blocks of 4096 KiB under way, (io_uring|threads), ' "$work/out.txt" || fail "the table's head"
grep -qE '^to disk +[0-9.]+ +[0-9.]+ +[0-9]+%   raw O_DIRECT at [0-9.]+ GB/s$' "$work/out.txt" || fail "the table's line"
grep -qE '^one_slot_memory_for_two +[0-9.]+ +[0-9.]+x' "$work/out.txt" || fail "the team's line"

python3 - "$work/out.json" "$work/team.json" <<'P' || fail "figures, see above"
import json, sys
out = json.load(open(sys.argv[1]))["bandwidth"]
near = lambda a, b: abs(a - b) <= 1e-6 * abs(b)
assert out["bytes"] == 9 << 20 and out["block_bytes"] == 4 << 20 and out["blocks_under_way"] == 8, out
ways = {w["name"]: w for w in out["ways"]}
assert list(ways) == ["to disk", "from disk", "host to host", "into new memory"], ways
for w in ways.values():
    assert w["rounds"] >= 3 and 0 < w["seconds"] <= w["slowest_seconds"], w
    assert near(w["share"] * w["limit_bytes_per_second"], w["bytes_per_second"]), w
for name, times in [("to disk", 1), ("from disk", 1), ("host to host", 2), ("into new memory", 1)]:
    assert near(ways[name]["bytes_per_second"] * ways[name]["seconds"], times * out["bytes"]), ways[name]
assert [a["name"] for a in out["aims"]] == ["to disk", "from disk", "host to host"], out["aims"]

out = json.load(open(sys.argv[2]))["policies"]
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
finish
