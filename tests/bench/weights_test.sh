#!/bin/bash
# The benchmark of weight deltas: its flags, and that its figures add up. Says nothing about speed.
#   tests/bench/weights_test.sh WEIGHTS
bench=$1
. "$(dirname "$0")/bench.sh"
refused "share: .*2 not in" --share 2
refused "parameters: .*0 not in" --parameters 0

"$bench" --seconds 0 --parameters 5000000 --transfer-bytes 3000000 --folder "$work" --json > "$work/out.json" || fail "a quick run ended with $?"
"$bench" --seconds 0 --parameters 300000 --share 0.05 --transfer-bytes 0 > "$work/out.txt" || fail "a table ended with $?"
grep -qE '^300,000 bf16 values, [0-9.]+% changed by a step of learning rate [0-9.e-]+, one core$' "$work/out.txt" || fail "the table's head"
grep -qE '^troupe +[0-9,]+ +[0-9.]+ +[0-9.]+x$' "$work/out.txt" || fail "the table's line"

python3 - "$work/out.json" <<'P' || fail "figures, see above"
import json, sys
out = json.load(open(sys.argv[1]))
near = lambda a, b: abs(a - b) <= 1e-6 * abs(b)
payload, entropy = out["payload_bytes"], out["entropy_bytes"]
assert (out["parameters"], out["full_bytes"]) == (5000000, 10000000), out
assert 0.0055 < out["share"] < 0.0065 and 1e-7 < out["learning_rate"] < 1e-5, out
assert near(out["times_smaller"] * payload, out["full_bytes"]) and near(out["payload_over_entropy"] * entropy, payload), out
# The size does not depend on the machine, so this one is a bound.
assert 1 < out["payload_over_entropy"] < 1.1, out
assert payload < min(p["bytes"] for p in out["published"]) and len(out["published"]) == 3, out
assert out["published"][0]["bytes"] == 6 * round(out["share"] * 5000000), out
assert payload < out["anchor_bytes"] < out["full_bytes"], out
times = {t["name"]: t for t in out["times"]}
assert list(times) == ["memcpy", "compare, unchanged", "compare", "digest", "encode", "apply"], times
for t in times.values():
    assert t["rounds"] >= 2 and 0 < t["seconds"] <= t["slowest_seconds"], t
    assert near(t["bytes_per_second"] * t["seconds"], out["full_bytes"]), t
    assert near(t["share_of_memcpy"] * t["seconds"], times["memcpy"]["seconds"]), t
assert [a["name"] for a in out["aims"]] == ["payload_over_entropy", "compare, unchanged", "fetch", "fetch, digest", "fetch, digest, file"], out["aims"]
names = ["raw socket copy", "fetch", "fetch, digest", "fetch, digest, file"]
assert [(t["name"], t["receivers"]) for t in out["transfer"]] == [(n, r) for r in (1, 3) for n in names], out["transfer"]
for t in out["transfer"]:
    assert t["rounds"] >= 3 and 0 < t["seconds"] <= t["slowest_seconds"] and t["bytes"] == 3000000, t
    assert near(t["bytes_per_second"] * t["seconds"], t["bytes"] * t["receivers"]), t
    raw = next(r for r in out["transfer"] if r["receivers"] == t["receivers"])
    assert near(t["share_of_raw"] * t["seconds"], raw["seconds"]), t
P
[[ -z $(ls -d "$work"/troupe-transfer-* 2>/dev/null) ]] || fail "files were left behind"
finish
