# Helpers of the tests of the benchmarks. Source it with: bench=PATH; . bench.sh
# It counts failures and goes on; end with finish.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
# refused [CODE] PATTERN ARGS...: the exit code (2) and a message.
refused() {
  local wanted=2 pattern out code=0
  if [[ $1 =~ ^[0-9]$ ]]; then
    wanted=$1
    shift
  fi
  pattern=$1
  shift
  out=$("$bench" "$@" 2>&1) || code=$?
  [[ $code -eq $wanted ]] && grep -qE -- "$pattern" <<<"$out" || fail "$*: exit $code, wanted $wanted and '$pattern': $out"
}
finish() {
  echo "$failures failures"
  [[ $failures -eq 0 ]]
}
refused "not expected: --speed" --speed
grep -q -- --json <<<"$("$bench" --help)" || fail "--help does not name --json"
