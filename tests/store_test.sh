#!/bin/bash
# troupe store: what it says of a run that ended, of one that goes on, of one that was killed, and of
# a journal that is torn or damaged.   store_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$work"
cat > run.toml <<'T'
[run]
name = "store"
steps = 6
[environment]
name = "chain"
[model]
width = 16
layers = 1
max_positions = 32
[warm_start]
steps = 1
cache = ""
[rollout]
groups = 4
group_size = 4
[eval]
episodes = 10
final_episodes = 10
[checkpoint]
every = 4
T
store() { "$program" store "$@"; }
# expect CODE WORDS COMMAND...: the exit code, one line on standard error that has the words (a|b).
expect() {
  local want=$1 words=$2 code=0 word
  shift 2
  store "$@" > out.txt 2> err.txt || code=$?
  [[ $code -eq $want ]] || fail "exit $code for store $*: $(cat out.txt err.txt)"
  [[ $want -eq 0 || $(grep -c '' err.txt) -eq 1 ]] || fail "store $* says: $(cat err.txt)"
  local IFS='|'
  for word in $words; do grep -qF -- "$word" out.txt err.txt || fail "'$word' is not in: $(cat out.txt err.txt)"; done
}
# lines CONDITION: a Python condition over the objects of out.txt, a line each.
lines() {
  python3 -c 'import json, sys; r = [json.loads(l) for l in open("out.txt")]; sys.exit(not eval(sys.argv[1]))' "$1" ||
    fail "$1: $(head -c 2000 out.txt)"
}

# --- a run that ended
"$program" train run.toml --output done --quiet > train.txt 2>&1 || fail "$(cat train.txt)"
expect 0 "closed in good order|used samples|96|digest|retired" stat done
expect 0 "closed in good order" stat done/experience/
expect 0 "" stat done --json
mv out.txt stat.json
[[ $(json stat.json 'r["closed"], r["retired_steps"], r["next_place"], r["damage"]') == "(True, 6, 24, None)" ]] || fail "$(cat stat.json)"
[[ $(json stat.json '[(p["used_samples"], p["entered"]["retired"], p["rows_held"], len(p["used_digest"])) for p in r["policies"].values()]') == \
  "[(96, 24, 0, 16), (96, 24, 0, 16)]" ]] || fail "$(cat stat.json)"
expect 0 "whole, and closed in good order|rows 96|responses read: 192" verify done
expect 0 "nothing to cut" repair done
expect 0 "" dump done
[[ ! -s out.txt ]] || fail "a run that ended holds groups: $(head -c 500 out.txt)"
expect 0 "tables    run|group 0 of step 0: task chain-train-0, place 0|policy first, step 5: now at version 6|closed" \
  tail done --from-start --seconds 0.01
expect 0 "" tail done --from-start --seconds 0.01 --json
lines '[x["record"] for x in r].count("rows") == 96 and r[0]["policies"] == ["first", "second"] and r[-1]["record"] == "closed"'
expect 0 "" tail done --seconds 0.01
[[ ! -s out.txt ]] || fail "tail repeats what was there: $(cat out.txt)"

# --- a run that goes on
"$program" train run.toml --set run.steps=100000 --set checkpoint.every=50 --output on --quiet > on.txt 2>&1 &
pid=$!
trap 'kill -9 $pid 2> /dev/null; rm -rf "$work"' EXIT
for _ in $(seq 300); do
  store stat on --json > stat.json 2> err.txt && [[ $(json stat.json 'r["policies"]["second"]["held"]["covered"]') -gt 0 ]] && break
  kill -0 $pid || fail "the run ended: $(cat on.txt)"
  sleep 0.1
done
[[ -s stat.json ]] || fail "no groups in time: $(cat err.txt)"
store tail on --seconds 1 --json > tail.txt 2> err.txt || fail "tail: $(cat err.txt)"
[[ $(grep -c '"record":"cover"' tail.txt) -gt 0 ]] || fail "tail saw nothing: $(cat tail.txt err.txt)"
[[ $(cut -d, -f1 tail.txt | sort -u | wc -l) -eq $(grep -c '' tail.txt) ]] || fail "tail saw a record twice"
expect 2 "a run is writing its experience" repair on
for _ in 1 2 3 4 5; do
  store verify on > out.txt 2> err.txt || grep -qF "the end may be in flight" out.txt || fail "verify: $(cat out.txt err.txt)"
  store dump on > dump.txt 2> err.txt || fail "dump: $(cat err.txt)"
done
kill -9 $pid
wait $pid 2> /dev/null || true
trap 'rm -rf "$work"' EXIT

# --- a run that was killed: what it holds
store repair on > out.txt || fail "repair: $(cat out.txt)"
expect 0 "whole, without a closing mark" verify on
expect 0 "" stat on --json
mv out.txt stat.json
held=$(json stat.json 'sum(sum(p["held"].values()) for p in r["policies"].values())')
expect 0 "" dump on
lines "len(r) == $held"
lines 'all(len(g["rows"]) == 4 for g in r if g["state"] in ("ready", "covered"))'
lines 'all(s["sampled"] == ("logprobs" in s) and len(s.get("logprobs", s["tokens"])) == len(s["tokens"])
  for g in r for row in g["rows"] for s in row["segments"])'
expect 0 "" dump on --policy second --state covered --no-tokens
lines 'len(r) > 0 and all(g["policy"] == "second" and g["state"] == "covered" and "segments" not in g["rows"][0] for g in r)'
expect 0 "" dump on --output lines.jsonl
cmp -s lines.jsonl <(store dump on) || fail "dump --output differs"
expect 2 "exists|--output" dump on --output lines.jsonl
expect 2 "--policy third|first, second" dump on --policy third
expect 2 "--state" dump on --state nothing

# --- a torn end
last=on/experience/$(ls on/experience | tail -n 1)
size=$(stat -c %s "$last")
head -c 40 /dev/urandom >> "$last"
expect 2 "$last: not whole from byte $size on (40 bytes)|may be in flight|nothing that had been promised" verify on
expect 0 "not whole from byte $size" stat on
expect 0 "would be cut from $((size + 40)) to $size bytes" repair on --dry-run
[[ $(stat -c %s "$last") -eq $((size + 40)) ]] || fail "a dry run cuts"
expect 0 "cut from $((size + 40)) to $size bytes" repair on
[[ $(stat -c %s "$last") -eq $size ]] || fail "repair did not cut"
expect 0 "whole" verify on
store dump on > again.txt
cmp -s lines.jsonl again.txt || fail "repair changed what is held"

# --- damage where it had been synced
file=done/experience/00000001.journal
printf '\xff' | dd of=$file bs=1 seek=5000 conv=notrunc status=none
cp $file damaged
expect 2 "$file: bytes |had been synced|Move the folder away" verify done
expect 2 "Move the experience folder away" repair done
expect 2 "damaged at byte" stat done
cmp -s damaged $file || fail "repair touched what it refused"

# --- nothing to look at
expect 2 "nowhere|no such folder" stat nowhere
mkdir empty
expect 2 "empty|neither a run's folder" verify empty
"$program" train run.toml --set experience.store=memory --set run.steps=1 --output memory --quiet > train.txt 2>&1 || fail "$(cat train.txt)"
expect 2 "memory|experience.store" dump memory
echo "store: all as promised"
