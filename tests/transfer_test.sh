#!/bin/bash
# troupe versions serve and pull, as a user runs them.   transfer_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$source"
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
printf 'a-token-for-tests\n' > "$work/token"
printf 'another-token\n' > "$work/wrong"

"$program" train examples/chain.toml --steps 3 --output "$work/run" --quiet \
  --set versions.publish=true --set warm_start.steps=12 --set warm_start.cache= \
  --set eval.every=3 --set eval.episodes=20 --set eval.final_episodes=20

# serve FOLDER: sets `url` and `server`.
serve() {
  "$program" versions serve "$1" --token-file "$work/token" > "$work/url.txt" &
  server=$!
  for _ in $(seq 100); do grep -q http "$work/url.txt" && break; sleep 0.05; done
  url=$(grep -o 'http://[0-9.:]*' "$work/url.txt") || fail "serve says no URL"
}
serve "$work/run"
pull() { "$program" versions pull --deadline 20 "$@"; }

pull "$url" --policy first --token-file "$work/token" --to "$work/got" --for-peers > "$work/pull.txt"
grep -q '^policy first: version .* payload' "$work/pull.txt" || { cat "$work/pull.txt"; fail "pull"; }
head=$work/run/versions/first/head.json
[[ $(json "$work/got/state.json" 'r["digest"]') == $(json "$head" 'r["head"]["digest"]') ]] || fail "digest"
pull "$url" --policy first --token-file "$work/token" --to "$work/got" | grep -q 'is the newest' ||
  fail "a second pull fetched something"
python3 - "$work/got" <<'P' || fail "model.safetensors"
import json, struct, sys
data = open(sys.argv[1] + "/model.safetensors", "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + size])
state = json.load(open(sys.argv[1] + "/state.json"))
assert header["__metadata__"]["troupe.digest"] == state["digest"]
assert header["__metadata__"]["troupe.policy"] == "first"
ends = [t["data_offsets"][1] for name, t in header.items() if name != "__metadata__"]
assert "model.embed_tokens.weight" in header and max(ends) == len(data) - 8 - size
P

# refused CODE PATTERN ARGS...: exit code and message of a pull.
refused() {
  local code=$1 pattern=$2 got=0
  shift 2
  pull "$@" > /dev/null 2> "$work/err.txt" || got=$?
  [[ $got -eq $code ]] && grep -q -- "$pattern" "$work/err.txt" ||
    { cat "$work/err.txt"; fail "exit $got, wanted $code and '$pattern'"; }
}
refused 2 "refused the token" "$url" --policy first --token-file "$work/wrong" --to "$work/no"
refused 2 "does not offer policy third" "$url" --policy third --token-file "$work/token" --to "$work/no"
refused 2 "holds policy first" "$url" --policy second --token-file "$work/token" --to "$work/got"
refused 2 "--every means nothing" "$url" --policy first --token-file "$work/token" --to "$work/no" --every 2
refused 2 "is no token" "$url" --policy first --token-file /dev/null --to "$work/no"
"$program" versions pull http://127.0.0.1:1 --policy first --token-file "$work/token" --to "$work/no" \
  --deadline 0.5 2> "$work/err.txt" && fail "a pull from nobody"
grep -q "was not brought up to date within 0.5 s" "$work/err.txt" || { cat "$work/err.txt"; fail "nobody"; }

# What was pulled can be pulled from, and a dead source is passed over.
kill -INT "$server"; wait "$server" || fail "serve ended with $?"
dead=$url
serve "$work/got"
pull "$dead" "$url" --policy first --token-file "$work/token" --to "$work/peer" > "$work/peer.txt" 2> /dev/null
cmp "$work/got/model.safetensors" "$work/peer/model.safetensors" || fail "the peer's weights differ"
grep -q 'after 1 failed attempt' "$work/peer.txt" || { cat "$work/peer.txt"; fail "the dead source"; }
kill -INT "$server"; wait "$server" || fail "serve ended with $?"; server=

# A follower sees a run that has not begun, and keeps up with it.
mkdir "$work/live"
serve "$work/live"
"$program" versions pull "$url" --policy first --token-file "$work/token" --to "$work/follower" --follow \
  --every 0.05 > "$work/follow.txt" 2> /dev/null &
follower=$!
"$program" train examples/chain.toml --steps 3 --output "$work/live" --quiet \
  --set versions.publish=true --set warm_start.steps=12 --set warm_start.cache= \
  --set eval.every=3 --set eval.episodes=20 --set eval.final_episodes=20
newest=$(json "$work/live/versions/first/head.json" 'r["head"]["digest"]')
for _ in $(seq 200); do
  [[ -f $work/follower/state.json && $(json "$work/follower/state.json" 'r["digest"]') == "$newest" ]] && break
  sleep 0.05
done
[[ $(json "$work/follower/state.json" 'r["digest"]') == "$newest" ]] || fail "the follower stayed behind"
kill -INT "$follower"; wait "$follower" || fail "the follower ended with $?"
