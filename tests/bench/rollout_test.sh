#!/bin/bash
# The rollout benchmark: its flags, and that its figures add up. Says nothing about speed.
#   tests/bench/rollout_test.sh ROLLOUT
bench=$1
. "$(dirname "$0")/bench.sh"
refused "moves not in" --only moves
refused "--instances" --instances 0
refused "--policies.* would do nothing: only team reads it" --only routers --policies 4
refused "--threshold.* would do nothing: only team, live read it" --only episodes --threshold 3
refused "--instances.* each policy of team needs one" --only team --instances 4

small="--only team,routers,episodes --instances 8 --policies 4 --rounds 3 --in-flight 40 --loads 1 --seeds 1 --episodes 64 --seconds 1"
"$bench" $small --json > "$work/out.json" || fail "a small run ended with $?"
"$bench" --only team --instances 4 --policies 2 --rounds 1 > "$work/out.txt" || fail "a table ended with $?"
grep -qE '^both +least_work +disparity +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9]+$' "$work/out.txt" || fail "the table's line"

python3 - "$work/out.json" <<'P' || fail "figures, see above"
import json, sys
out = json.load(open(sys.argv[1]))
near = lambda a, b: abs(a - b) <= 1e-6 * abs(b)
team = out["team"]
assert (team["instances"], team["policies"], team["in_flight"], team["episodes"], team["turns"]) == (8, 4, 320, 960, 5760), team
rows = {r["allocation"]: r for r in team["rows"]}
assert list(rows) == ["static", "intra-agent", "inter-agent", "both"], rows
assert near(team["bound_seconds"], max(team["bound_longest"], team["bound_shared"], team["bound_order"])), team
for r in rows.values():
    # No schedule beats the bound, nor an end that each episode would reach alone.
    assert r["seconds"] >= r["unhindered_end"] >= team["bound_longest"] and r["seconds"] >= team["bound_seconds"], r
    assert near(r["over_bound"], r["seconds"] / team["bound_seconds"]), r
    assert near(r["over_static"], rows["static"]["seconds"] / r["seconds"]), r
    assert 0 < r["episode_mean"] < r["episode_p90"] < r["seconds"] and r["requests"] >= 5760, r
    assert (r["moves"] > 0) == (r["balancer"] == "disparity"), r
assert rows["both"]["over_static"] > 1.05 < rows["inter-agent"]["over_static"], rows
assert rows["both"]["migrated"] < rows["inter-agent"]["migrated"], rows
routers = {r["router"]: r for r in out["routers"]}
assert len(routers) >= 7 and {r["load"] for r in routers.values()} == {1}, routers
assert all(routers["least_work"]["session_mean"] < r["session_mean"] for n, r in routers.items() if n != "least_work"), routers
e = out["episodes"]
assert e["at_once"] == 64 and e["turns"] >= 64 * 8 and e["turns"] % 8 == 0, e
assert e["seconds"] >= 1 and near(e["cpu_seconds_per_turn"] * e["turns"], e["cpu_seconds"]), e
assert 0 < e["token_bytes"] <= 8 * (40 * 4 + 32 * 8), e
assert len(out["aims"]) == 3 + 2 + 2, out["aims"]
P
finish
