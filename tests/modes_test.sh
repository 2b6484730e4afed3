#!/bin/bash
# One run file, several ways to run it: barrier and micro_batch end with the same weights, and overlap
# with pinned versions ends alike whatever the threads.   modes_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$source"
digest() {  # digest NAME OPTIONS...
  local name=$1
  shift
  "$program" train examples/chain.toml --steps 8 --output "$work/$name" --json \
    --set warm_start.steps=12 --set warm_start.cache="$work/cache" --set eval.every=4 \
    --set eval.episodes=20 --set eval.final_episodes=20 "$@" > "$work/$name.json" 2> "$work/err.txt" ||
    { cat "$work/err.txt"; fail "$name did not finish"; }
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["final"]["weights_digest"])' \
    "$work/$name.json"
}
same() {  # same WHAT DIGEST DIGEST
  echo "exact: weights of $1: $2 $3" | tee -a "${TROUPE_SHOWN:-/dev/null}"
  [[ -n "$2" && "$2" == "$3" ]] || fail "$1 ended with other weights"
}
micro=$(digest micro_batch --set pipeline.mode=micro_batch)
same "barrier and micro_batch" "$(digest barrier --set pipeline.mode=barrier)" "$micro"
same "micro_batch with micro-batches of 1 and 5" "$micro" \
  "$(digest micro_five --set pipeline.micro_batch=5 --set run.threads=1)"
overlap=$(digest overlap --set pipeline.mode=overlap)
same "overlap with 2 threads and 1" "$overlap" \
  "$(digest overlap_one --set pipeline.mode=overlap --set run.threads=1 --set pipeline.micro_batch=3)"
[[ "$overlap" != "$micro" ]] || fail "overlap was meant to train on older samples"
# One agent exact, the other overlapped: each keeps its own bound.
cp examples/chain.toml "$work/mixed.toml"
printf '[policy.first.pipeline]\nmode = "barrier"\n[policy.second.pipeline]\nmode = "overlap"\n' \
  >> "$work/mixed.toml"
"$program" train "$work/mixed.toml" --steps 8 --output "$work/mixed" --json \
  --set warm_start.steps=12 --set warm_start.cache="$work/cache" --set eval.every=4 \
  --set eval.episodes=20 --set eval.final_episodes=20 > "$work/mixed.json" 2> "$work/err.txt" ||
  { cat "$work/err.txt"; fail "one exact and one overlapped policy"; }
python3 - "$work/mixed.json" <<'P' || fail "staleness of one exact and one overlapped policy"
import json, sys
policies = json.load(open(sys.argv[1]))["policies"]
print({name: p["staleness"] for name, p in policies.items()})
sys.exit(policies["first"]["staleness"] != 0 or policies["second"]["staleness"] != 1)
P
