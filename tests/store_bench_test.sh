#!/bin/bash
# The store benchmark: its flags, that its figures add up, and that it leaves nothing behind. Says
# nothing about speed.
#   tests/store_bench_test.sh STORE
set -uo pipefail
store=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

# refused CODE PATTERN ARGS...: the exit code and a message.
refused() {
  local wanted=$1 pattern=$2 out code=0
  shift 2
  out=$("$store" "$@" 2>&1) || code=$?
  [[ $code -eq $wanted ]] && grep -qE -- "$pattern" <<<"$out" || fail "$*: exit $code, wanted $wanted and '$pattern': $out"
}
refused 2 "not expected: --speed" --speed
refused 2 "postgres not in" --only postgres
refused 2 "--sample: .*8 not in" --sample 8
refused 2 "does not exist" --folder "$work/absent"
refused 1 "choose (another folder or )?a smaller --mib" --folder "$work" --mib 1000000
grep -q -- --json <<<"$("$store" --help)" || fail "--help does not name --json"

"$store" --quick --json --folder "$work" > "$work/out.json" || fail "a quick run ended with $?"
[[ $(ls "$work") == out.json ]] || fail "files are left: $(ls "$work")"
pgrep -f -- "--dir $work" && fail "a redis-server is left"
mkdir "$work/empty"
PATH=$work/empty "$store" --quick --sample 4 --only redis --folder "$work" > "$work/absent.txt" || fail "without redis-server: $?"
grep -qE '^redis .* not measured: (redis-server is not installed|built without hiredis)' "$work/absent.txt" || fail "absent: $(cat "$work/absent.txt")"
"$store" --quick --sample 64 --only raw --folder "$work" | grep -qE '^raw +1 MiB a write +64 +[0-9,]+ +[0-9]+ +100% ' || fail "the table's line"

python3 - "$work/out.json" <<'P' || fail "figures, see above"
import json, sys
out = json.load(open(sys.argv[1]))
near = lambda a, b: abs(a - b) <= 1e-6 * abs(b)
rows = out["rows"]
assert out["sync_seconds"] == 1 and out["file_system"] != "unknown", out
assert {(r["system"], r["sample_bytes"]) for r in rows} >= {(s, b) for s in ("raw", "redis", "sqlite") for b in (4096, 65536)}, rows
bars = {r["sample_bytes"]: r["rounds"][0] for r in reversed(rows) if r["system"] == "raw"}
for r in rows:
    if "absent" in r:
        assert r["system"] in ("redis", "sqlite") and r["absent"], r
        continue
    (one,) = r["rounds"]
    bar = bars[r["sample_bytes"]]
    assert one["samples"] * r["sample_bytes"] == 16 << 20 and r["lost_at_power_cut"] == "up to 1 s", r
    assert near(r["appends_per_second"], one["samples"] / one["seconds"]), r
    assert near(r["megabytes_per_second"] * 1e6, r["appends_per_second"] * r["sample_bytes"]), r
    assert near(r["share_of_raw"], bar["seconds"] / one["seconds"]), r
    if r["system"] == "raw":
        assert r["disk_bytes_beyond_payload"] == 0 and "take_median_us" not in r, r
        continue
    assert r["takes"] == min(50, one["samples"] // 16) and r["samples_per_take"] == 16, r
    assert 0 < r["take_median_us"] <= r["take_p99_us"] and r["disk_bytes_beyond_payload"] > 0, r
P
echo "$failures failures"
[[ $failures -eq 0 ]]
