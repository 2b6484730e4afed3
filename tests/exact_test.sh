#!/bin/bash
# `troupe check exact` finds no difference, says so in the form that scripts read, and refuses what it
# does not know.   exact_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$work"
"$program" check exact --cases 150 --seed 1 > out.txt || { cat out.txt; fail "exit code $?"; }
[[ $(tail -n 1 out.txt) == "150 cases, 0 mismatches" ]] || fail "the last line is: $(tail -n 1 out.txt)"
[[ $(grep -cE ' +[1-9][0-9]* +0$' out.txt) -eq 14 ]] || fail "not 14 kinds with values and no mismatch"
"$program" check exact --case 17 --seed 1 --quiet > out.txt
[[ $(cat out.txt) == "1 cases, 0 mismatches" ]] || fail "one case: $(cat out.txt)"
"$program" check exact --cases 3 --json --threads 1 > out.json
[[ $(json out.json 'r["cases"], r["mismatches"], r["failures"], len(r["kinds"])') == "(3, 0, [], 14)" ]] ||
  fail "the JSON is: $(cat out.json)"
for wrong in --bogus "--cases 0" "--case 1 --cases 2" "--quiet --json" "--threads x"; do
  code=0
  # shellcheck disable=SC2086
  "$program" check exact $wrong > /dev/null 2> err.txt || code=$?
  [[ $code -eq 2 && $(grep -c '' err.txt) -eq 1 ]] || fail "$wrong: exit code $code, $(cat err.txt)"
done
echo "exact: all kinds compared, no mismatch"
