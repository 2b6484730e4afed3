#!/bin/bash
# The store benchmark: its flags, that its figures add up, and that it leaves nothing behind. Says
# nothing about speed.
#   tests/bench/store_test.sh STORE
bench=$1
. "$(dirname "$0")/bench.sh"
refused "postgres not in" --only postgres
refused "--sample: .*8 not in" --sample 8
refused "does not exist" --folder "$work/absent"
refused "--rows does nothing without troupe" --only raw,redis --rows 100
refused 1 "choose (another folder or )?a smaller --mib" --folder "$work" --mib 1000000

"$bench" --quick --json --folder "$work" > "$work/out.json" || fail "a quick run ended with $?"
[[ $(ls "$work") == out.json ]] || fail "files are left: $(ls "$work")"
pgrep -f -- "--dir $work" && fail "a redis-server is left"
mkdir "$work/empty"
PATH=$work/empty "$bench" --quick --sample 4 --only redis --folder "$work" > "$work/absent.txt" || fail "without redis-server: $?"
grep -qE '^redis .* not measured: (redis-server is not installed|built without hiredis)' "$work/absent.txt" || fail "absent: $(cat "$work/absent.txt")"
"$bench" --quick --sample 64 --only raw --folder "$work" | grep -qE '^raw +1 MiB a write +64 +[0-9,]+ +[0-9]+ +100% ' || fail "the table's line"

python3 - "$work/out.json" <<'P' || fail "figures, see above"
import json, sys
out = json.load(open(sys.argv[1]))
near = lambda a, b: abs(a - b) <= 1e-6 * abs(b)
rows = out["rows"]
assert out["sync_seconds"] == 1 and out["file_system"] != "unknown", out
assert {(r["system"], r["sample_bytes"]) for r in rows} >= {(s, b) for s in ("raw", "troupe", "redis", "sqlite") for b in (4096, 65536)}, rows
ours = {r["sample_bytes"]: r["rounds"][0] for r in rows if r["system"] == "troupe" and r["group"] == 16}
bars = {r["sample_bytes"]: r["rounds"][0] for r in reversed(rows) if r["system"] == "raw"}
others = {}
for r in rows:
    if "absent" in r:
        assert r["system"] in ("redis", "sqlite") and r["absent"], r
        continue
    (one,) = r["rounds"]
    bar = bars[r["sample_bytes"]]
    assert one["samples"] * r["sample_bytes"] == 16 << 20, r
    assert r["lost_at_power_cut"] == "up to %s s" % (0.1 if r["system"] == "troupe" else 1), r
    assert near(r["appends_per_second"], one["samples"] / one["seconds"]), r
    assert near(r["megabytes_per_second"] * 1e6, r["appends_per_second"] * r["sample_bytes"]), r
    assert near(r["share_of_raw"], bar["seconds"] / one["seconds"]), r
    if r["system"] == "raw":
        assert r["disk_bytes_beyond_payload"] == 0 and "take_median_us" not in r, r
        continue
    assert r["takes"] == min(50, one["samples"] // r["group"]) and r["samples_per_take"] == r["group"], r
    assert ("ours_over_this" in r) == (r["system"] != "troupe"), r
    if r["system"] != "troupe":
        assert near(r["ours_over_this"], one["seconds"] / ours[r["sample_bytes"]]["seconds"]), r
        others[r["sample_bytes"]] = max(others.get(r["sample_bytes"], 0), r["appends_per_second"])
    assert 0 < r["take_median_us"] <= r["take_p99_us"] and r["disk_bytes_beyond_payload"] > 0, r
assert {a["sample_bytes"] for a in out["aims"]} == set(others), out["aims"]
for a in out["aims"]:
    size = a["sample_bytes"]
    bar = bars[size]["samples"] / bars[size]["seconds"]
    assert near(a["aim_appends_per_second"], min(0.7 * bar, 5 * others[size])), a
    assert near(a["appends_per_second"], ours[size]["samples"] / ours[size]["seconds"]), a
r = out["resident"]
assert r["rows"] == r["rows_recovered"] == 20000 and r["takes"] == 500 and r["group"] == 16, r
assert 0 < r["take_and_cover_median_us"] <= r["take_and_cover_p99_us"], r
assert min(r["open_after_crash_seconds"], r["open_after_close_seconds"], r["longest_pause_ms"]) > 0, r
assert r["memory_bytes_beyond_payload"] > 0 and r["disk_bytes_beyond_payload"] > 0, r
P
finish
