#!/bin/bash
# Kills a run with kill -9 at random moments, resumes it each time, and compares how it ends with a
# run that was left alone: the weights' digest, the set of samples that were used, each step once in
# metrics.jsonl.
#   tools/kill_resume.sh [-n KILLS] [-s SEED] [-o FOLDER] PROGRAM RUN.toml [options of troupe train]
# Defaults: 20 kills, seed 1, a temporary folder that is removed when all is well. A run left alone
# that FOLDER holds already is used. Both runs share the warm start's cache, so that the kills fall
# into the steps of RL (and the first few seconds).
set -euo pipefail
kills=20 seed=1 folder=""
while getopts "n:s:o:" option; do
  case $option in
    n) kills=$OPTARG ;;
    s) seed=$OPTARG ;;
    o) folder=$OPTARG ;;
    *) sed -n '2,8p' "$0" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[[ $# -ge 2 ]] || { sed -n '2,8p' "$0" >&2; exit 2; }
program=$1 run_file=$2
shift 2
kept=$folder
[[ -n "$folder" ]] || folder=$(mktemp -d)
mkdir -p "$folder"
RANDOM=$seed

fail() { echo "FAILED: $* (the runs are in $folder)" >&2; exit 1; }
# json FILE EXPRESSION: evaluates a Python expression over the parsed object `r`.
json() { python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }
train() {  # train NAME [MORE...]: becomes the program, so that $! is the program's own id.
  local name=$1
  shift
  exec "$program" train "$run_file" --output "$folder/$name" --json \
    --set warm_start.cache="$folder/cache" "$@"
}
used() {  # what the run's steps used, by policy
  "$program" store stat "$folder/$1" --json > "$folder/$1-store.json" || fail "store stat of $1"
  json "$folder/$1-store.json" '[(n, p["used_samples"], p["used_digest"]) for n, p in r["policies"].items()]'
}

if [[ ! -s "$folder/alone.json" ]]; then
  echo "a run left alone ..."
  (train alone "$@") > "$folder/alone.json" 2> "$folder/alone.log" ||
    { rm "$folder/alone.json"; tail -n 5 "$folder/alone.log" >&2; fail "the run left alone"; }
fi
took=$(json "$folder/alone.json" 'r["rl_seconds"]')
printf 'RL of the run left alone took %.1f s\n' "$took"

killed=0 starts=0
while ((killed < kills)); do
  ((++starts <= 3 * kills)) || fail "$killed of $kills kills after $((starts - 1)) starts"
  train killed --resume "$@" > "$folder/killed.json" 2> "$folder/killed.log" &
  pid=$!
  # Long enough that the run gets on, short enough that it does not end before the last kill.
  sleep "$(python3 -c "print(0.02 + $RANDOM / 32768 * max(0.5, $took / $kills))")"
  if kill -9 $pid 2>/dev/null; then
    killed=$((killed + 1))
    wait $pid 2>/dev/null || true
    at=$(tail -n 1 "$folder/killed/metrics.jsonl" 2>/dev/null |
         python3 -c 'import json, sys; r = json.loads(sys.stdin.readline() or "{}"); print(r.get("phase", r.get("kind", "-")), r.get("step", "-"))' 2>/dev/null || echo -)
    echo "kill $killed: the last seen was $at"
  else
    wait $pid || { tail -n 5 "$folder/killed.log" >&2; fail "a resume after $killed kills"; }
    echo "it ended after $killed kills"
    break
  fi
done
[[ $killed -gt 0 ]] || fail "no run was killed: this proved nothing"
(train killed --resume "$@") > "$folder/killed.json" 2> "$folder/killed.log" ||
  { tail -n 5 "$folder/killed.log" >&2; fail "the last resume"; }

for what in 'r["final"]["weights_digest"]' 'r["final"]["success"]' 'r["warm_start"]["success"]' \
  'r["final"].get("exact")'; do
  a=$(json "$folder/alone.json" "$what") b=$(json "$folder/killed.json" "$what")
  [[ "$a" == "$b" ]] || fail "$what: $a left alone, $b after $killed kills"
done
alone_used=$(used alone) killed_used=$(used killed)
[[ "$alone_used" == "$killed_used" ]] ||
  fail "used samples: $alone_used left alone, $killed_used after $killed kills"
steps=$(python3 - "$folder/killed/metrics.jsonl" "$folder/alone/metrics.jsonl" <<'P'
import json, sys
def steps(path):
    rows = [json.loads(line) for line in open(path)]
    return [r["step"] for r in rows if r["kind"] == "step" and r["phase"] == "rl"]
print(steps(sys.argv[1]) == steps(sys.argv[2]) or steps(sys.argv[1]))
P
)
[[ "$steps" == True ]] || fail "metrics.jsonl does not hold each step once: $steps"
echo "killed $killed times; the same weights ($(json "$folder/alone.json" 'r["final"]["weights_digest"]'))" \
     "and the same used samples $alone_used"
[[ -n "$kept" ]] || rm -rf "$folder"
