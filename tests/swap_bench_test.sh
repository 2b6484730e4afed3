#!/bin/bash
# The benchmark of swapping training states: its flags, that its figures add up, and that it leaves
# nothing behind. Says nothing about speed.
#   tests/swap_bench_test.sh SWAP
set -uo pipefail
swap=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

# refused CODE PATTERN ARGS...: the exit code and a message.
refused() {
  local wanted=$1 pattern=$2 out code=0
  shift 2
  out=$("$swap" "$@" 2>&1) || code=$?
  [[ $code -eq $wanted ]] && grep -qE -- "$pattern" <<<"$out" || fail "$*: exit $code, wanted $wanted and '$pattern': $out"
}
refused 2 "not expected: --speed" --speed
refused 2 "mib: .*1 not in" --mib 1
refused 2 "does not exist" --folder "$work/absent"
grep -q -- --json <<<"$("$swap" --help)" || fail "--help does not name --json"

mkdir "$work/files"
"$swap" --seconds 0 --mib 9 --folder "$work/files" --json > "$work/out.json" || fail "a quick run ended with $?"
"$swap" --seconds 0 --mib 4 --folder "$work/files" > "$work/out.txt" || fail "a table ended with $?"
[[ -z $(ls "$work/files") ]] || fail "files are left: $(ls "$work/files")"
grep -qE '^a state of 4 MiB; 8 blocks of 4096 KiB under way, (io_uring|threads), ' "$work/out.txt" || fail "the table's head"
grep -qE '^to disk +[0-9.]+ +[0-9.]+ +[0-9]+%   raw O_DIRECT at [0-9.]+ GB/s$' "$work/out.txt" || fail "the table's line"

python3 - "$work/out.json" <<'P' || fail "figures, see above"
import json, sys
out = json.load(open(sys.argv[1]))
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
P
echo "$failures failures"
[[ $failures -eq 0 ]]
