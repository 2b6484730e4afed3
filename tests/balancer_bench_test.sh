#!/bin/bash
# The balancer benchmark: its flags, and that its figures add up. Says nothing about speed.
#   tests/balancer_bench_test.sh BALANCER
set -uo pipefail
balancer=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

# refused PATTERN ARGS...: exit code 2 and a message.
refused() {
  local pattern=$1 out code=0
  shift
  out=$("$balancer" "$@" 2>&1) || code=$?
  [[ $code -eq 2 ]] && grep -qE -- "$pattern" <<<"$out" || fail "$*: exit $code, wanted 2 and '$pattern': $out"
}
refused "not expected: --speed" --speed
refused "--instances" --instances 0
grep -q -- --json <<<"$("$balancer" --help)" || fail "--help does not name --json"

small="--seconds 0 --instances 24 --policies 4 --sequences 8 --duration 20"
"$balancer" $small | grep -qE '^plan, Zipf 1 +[0-9.]+ us +[0-9.]+% of 1 ms +[0-9]+ moves$' || fail "a plan's line"
"$balancer" --json $small > "$work/out.json" || fail "a small run ended with $?"
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
echo "$failures failures"
[[ $failures -eq 0 ]]
