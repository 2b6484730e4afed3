#!/bin/bash
# troupe simulate: the examples run, equal files give equal schedules, mistakes are named.
#   simulate_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$source"

for i in 1 2; do
  "$program" simulate run examples/cluster.toml --set simulation.groups=8 --json > "$work/$i.json" ||
    fail "examples/cluster.toml failed"
done
"$program" simulate run examples/cluster.toml --set simulation.groups=8 \
  --set pipeline.mode=barrier --json > "$work/barrier.json" || fail "barrier failed"
"$program" simulate run examples/cluster-1536.toml --set simulation.groups=16 > "$work/large.txt" ||
  fail "examples/cluster-1536.toml failed"
grep -q "512 rollout instances" "$work/large.txt" || fail "no 512 instances: $(cat "$work/large.txt")"
"$program" simulate study flexmarl --draws 3 --steps 1 --json --out "$work/out" \
  > "$work/study.json" 2> /dev/null || fail "the study failed"
grep -q "| MARTI-like |" "$work/out/flexmarl.md" || fail "the study left no table"
python3 - "$work" <<'P' || fail "the figures do not hold together"
import json, sys
a, b, barrier, study = (json.load(open(f"{sys.argv[1]}/{n}.json")) for n in ("1", "2", "barrier", "study"))
assert a["digest"] == b["digest"] and a["events"] == b["events"], (a["digest"], b["digest"])
assert barrier["digest"] != a["digest"]
assert barrier["tokens_trained"] == a["tokens_trained"]
assert a["bound_step_seconds"] <= a["step_seconds"] <= barrier["step_seconds"] + 1e-6
for shares in (a["rollout"], a["training"]):
    assert abs(sum(shares.values()) - 1) < 1e-6, shares
assert sorted({r["setting"][:2] for r in study["rows"]}) == ["CA", "MA"]
assert sum(line.startswith("drawn: ") for line in study["assumptions"]) == 23
P

refused() {
  local code=0
  "$program" simulate run examples/cluster.toml "${@:2}" > /dev/null 2> "$work/err.txt" || code=$?
  [[ $code == 2 ]] || fail "${*:2}: exit code $code"
  grep -q "$1" "$work/err.txt" || fail "${*:2}: said $(cat "$work/err.txt")"
}
refused "cluster.training_devices" --set cluster.training_device=3
refused "would do nothing" --set pipeline.staleness=2
refused "h100" --set cluster.device=h10
refused "training_devices" --set cluster.training_devices=64
"$program" simulate explain workload.zipf | grep -q "unequal" || fail "explain says nothing"
echo "simulate: ok"
