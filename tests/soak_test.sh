#!/bin/bash
# troupe simulate soak: the same seeds give the same events, in one process or in several; a seed can
# be played again; mistakes are named. With SOAK_DIGEST set, the digest of the first 40 seeds must be
# that one: so two builds are compared.
#   soak_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$work"

"$program" simulate soak --seeds 40 --json > one.json 2> err.txt || fail "a law was broken: $(cat err.txt)"
"$program" simulate soak --seeds 40 --jobs 2 --json > two.json || fail "with --jobs 2 it failed"
python3 - <<'P' || fail "two processes saw other things than one"
import json
one, two = (json.load(open(f"{n}.json")) for n in ("one", "two"))
assert one == two, (one, two)
assert one["seeds"] == 40 and one["lives"] > 120 and one["compared"] > 10, one
P
digest=$(python3 -c 'import json; print(json.load(open("one.json"))["digest"])')
[[ -z "${SOAK_DIGEST:-}" || "$digest" == "$SOAK_DIGEST" ]] || fail "digest $digest, not $SOAK_DIGEST"

"$program" simulate soak --replay 7 > short.txt || fail "seed 7 failed"
"$program" simulate soak --replay 7 --log > long.txt || fail "seed 7 failed"
[[ "$(tail -1 long.txt)" == "$(cat short.txt)" ]] || fail "seed 7 was not the same twice"
grep -q '^\[rollout\]' long.txt || fail "the log has no run file"
grep -q "trains in step" long.txt || fail "the log does not say what was trained on"

code=0
"$program" simulate soak --log > /dev/null 2> err.txt || code=$?
[[ $code != 0 ]] || fail "--log without --replay was taken"
echo "soak: ok, digest $digest"
