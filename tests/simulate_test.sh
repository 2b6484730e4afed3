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

# A file that names no division gets a planned one, which is what naming it gives.
cat > "$work/undivided.toml" <<'T'
cluster = { device = "h100", devices = 16 }
team = { agents = 2, models = ["qwen2.5-1.5b"] }
simulation = { steps = 2, groups = 4, group_size = 4 }
T
"$program" simulate run "$work/undivided.toml" > "$work/planned.txt" || fail "no plan"
keys=$(sed -n 's/^planned: \(.*\): the fastest of [0-9]* divisions.*/\1/p' "$work/planned.txt")
[[ $keys == *training_devices*tensor_parallel*training_slots* ]] || fail "planned: $keys"
"$program" simulate run "$work/undivided.toml" $(sed 's/^/--set /; s/, / --set /g; s/ = /=/g' <<< "$keys") \
  > "$work/named.txt" || fail "what was planned is refused"
grep -q "^planned" "$work/named.txt" && fail "planned although named"
digest() { sed -n 's/.*digest //p' "$1"; }
[[ $(digest "$work/planned.txt") == $(digest "$work/named.txt") ]] || fail "planned is not as named"

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
# A what-if: the run file's schedule on another cluster, and where to split it.
what_if=(simulate examples/eight-agents.toml --cluster examples/cluster-what-if.toml)
"$program" "${what_if[@]}" --search --set simulation.steps=1 --json > "$work/whatif.json" ||
  fail "the what-if failed"
"$program" "${what_if[@]}" --set simulation.steps=1 > "$work/whatif.txt" || fail "the what-if failed"
grep -q "^bottleneck  [a-z' ]*: ." "$work/whatif.txt" || fail "no bottleneck is named"
"$program" simulate --help | grep -q -e "--cluster" || fail "--help does not say --cluster"
code=0
"$program" simulate examples/chain.toml 2> "$work/err.txt" || code=$?
[[ $code == 2 ]] && grep -q -e "--cluster" "$work/err.txt" || fail "no cluster: $(cat "$work/err.txt")"

# A live run, a workload of its episodes, and a cluster file that is fitted to it.
"$program" train examples/chain.toml --steps 24 --output "$work/live" --quiet \
  --set warm_start.steps=0 --set eval.every=0 --set eval.final_episodes=1 > "$work/train.txt" 2>&1 ||
  fail "the live run failed: $(cat "$work/train.txt")"
"$program" simulate calibrate "$work/live" --out "$work/fitted.toml" --json > "$work/fit.json" ||
  fail "calibrate failed"
"$program" simulate "$work/live/run.toml" --cluster "$work/fitted.toml" --json > "$work/again.json" ||
  fail "the fitted cluster file failed"
printf 'TIMESTAMP,ContextTokens,GeneratedTokens\n2024-01-01 00:00:00.0,300,40\n' > "$work/t.csv"
traced=(--set workload.lengths=trace --set workload.trace="$work/t.csv" --set simulation.groups=4)
"$program" simulate run examples/cluster.toml "${traced[@]}" --json > "$work/traced.json" ||
  fail "a traced workload failed"
printf 'x,y,1\n' >> "$work/t.csv"
code=0
"$program" simulate run examples/cluster.toml "${traced[@]}" 2> "$work/err.txt" > /dev/null || code=$?
[[ $code == 2 ]] && grep -q "t.csv:3: " "$work/err.txt" || fail "bad row: $(cat "$work/err.txt")"
python3 - "$work" <<'P' || fail "the figures of the what-ifs do not hold together"
import json, sys
whatif, fit, again, traced = (json.load(open(f"{sys.argv[1]}/{n}.json"))
                              for n in ("whatif", "fit", "again", "traced"))
best = min(whatif["splits"], key=lambda s: s["step_seconds"])
assert best["training_devices"] == whatif["best_training_devices"]
assert abs(whatif["step_cost"] - 32 * 2.5 * whatif["step_seconds"] / 3600) < 1e-9
gains = [r["gain"] for r in whatif["bottleneck"]["remedies"]]
assert gains == sorted(gains, reverse=True), gains
# How near a prediction comes depends on what else the machine does; the fitted half must agree.
assert abs(fit["predicted_seconds"] / fit["fitted_seconds"] - 1) < 0.25, fit
assert abs(again["step_seconds"] / fit["predicted_seconds"] - 1) < 0.1, (again["step_seconds"], fit)
assert again["episodes"] == 20 * 256 and traced["tokens_generated"] % 40 == 0
P

"$program" simulate explain workload.zipf | grep -q "unequal" || fail "explain says nothing"
echo "simulate: ok"
