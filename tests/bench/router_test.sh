#!/bin/bash
# The router benchmark: its flags, and that its figures add up. Says nothing about speed.
#   tests/bench/router_test.sh ROUTER
bench=$1
. "$(dirname "$0")/bench.sh"
refused "fastest not in" --only fastest
refused "instances: .*0 not in" --instances 0

"$bench" --seconds 0 --sessions 200 --instances 10 --json > "$work/out.json" || fail "a quick run ended with $?"
"$bench" --seconds 0 --sessions 200 --instances 10 --only random,least_work > "$work/out.txt" || fail "a table ended with $?"
grep -qE '^random +[0-9,]+ +[0-9]+ +[0-9,]+ +[0-9]+ +[0-9.]+ +[0-9]+%$' "$work/out.txt" || fail "the table's line"
grep -qE '^least_work: [0-9,]+ new sessions/s, [0-9]+% of the aim of 1,000,000$' "$work/out.txt" || fail "the aim's line"

python3 - "$work/out.json" <<'P' || fail "figures, see above"
import json, sys
out = json.load(open(sys.argv[1]))
near = lambda a, b: abs(a - b) <= 1e-6 * abs(b)
rows = {r["router"]: r for r in out["rows"]}
assert len(rows) == len(out["rows"]) >= 7 and (out["instances"], out["sessions"]) == (10, 200), out
for r in rows.values():
    for one in (r["new"], r["turn"]):
        assert one["decisions"] == 200 and one["rounds"] >= 2, r
        assert 0 < one["seconds"] <= one["slowest_seconds"], r
        assert near(one["decisions_per_second"] * one["seconds"], 200), r
    assert r["most_work_over_mean"] >= 1 and 0 <= r["turns_away_from_home"] <= 1, r
# 20 sessions an instance: work is most even where it is what decides, and sessions stay there.
assert all(rows["least_work"]["most_work_over_mean"] < r["most_work_over_mean"] for n, r in rows.items() if n != "least_work"), rows
assert rows["least_work"]["turns_away_from_home"] < rows["random"]["turns_away_from_home"] > 0.8, rows
(aim,) = out["aims"]
assert aim["router"] == "least_work" and near(aim["share"], aim["decisions_per_second"] / 1e6), aim
P
finish
