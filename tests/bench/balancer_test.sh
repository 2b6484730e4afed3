#!/bin/bash
# The balancer benchmark: its flags, and that its figures add up. Says nothing about speed.
#   tests/bench/balancer_test.sh BALANCER
bench=$1
. "$(dirname "$0")/bench.sh"
refused "--instances" --instances 0

small="--seconds 0 --instances 24 --policies 4 --sequences 8 --duration 20"
"$bench" $small | grep -qE '^plan, Zipf 1 +[0-9.]+ us +[0-9.]+% of 1 ms +[0-9]+ moves$' || fail "a plan's line"
"$bench" --json $small > "$work/out.json" || fail "a small run ended with $?"
python3 - "$work/out.json" <<'P' || fail "figures, see above"
import json, sys
out = json.load(open(sys.argv[1]))
near = lambda a, b: abs(a - b) <= 1e-6 * abs(b)
even, zipf, sessions = out["plans"]
assert even["moves"] == 0 < zipf["moves"] < 24 and 0 < sessions["moves"] <= 8, out["plans"]
for plan in out["plans"]:
    assert 0 < plan["seconds"] <= plan["slowest_seconds"] and near(plan["share"], plan["seconds"] / 1e-3), plan
e = out["emulation"]
for what in ("events", "requests", "tokens"):
    assert near(e[what + "_per_second"] * e["seconds"], e[what]), e
assert e["requests"] >= 24 * 8 and e["emulated_seconds"] >= 20, e
# A request, whatever its length, takes a handful of events.
assert 2 * e["requests"] < e["events"] < 20 * e["requests"] < e["tokens"], e
# Eight sequences gain at most eight tokens in the 24 ms that a step takes at least.
assert e["instance_tokens_per_second"] < 8 / 0.024, e
P
finish
