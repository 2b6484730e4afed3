#!/bin/bash
# Runs every fuzz target for a while; stops at the first finding.
#   tools/fuzz.sh BUILD_DIR SECONDS
# New inputs are kept in BUILD_DIR/corpus, findings in BUILD_DIR. fuzz/README.md says more.
set -uo pipefail
build=${1:?BUILD_DIR} seconds=${2:?SECONDS}
source=$(cd "$(dirname "$0")/.." && pwd) || exit 2

failed=0
for program in "$build"/fuzz/fuzz_*; do
  [[ -x $program && -f $program ]] || continue
  name=${program##*/fuzz_}
  folders=("$build/corpus/$name")
  [[ ! -d $source/fuzz/corpus/$name ]] || folders+=("$source/fuzz/corpus/$name")
  options=(-max_total_time="$seconds" -max_len=65536 -malloc_limit_mb=64 -rss_limit_mb=1024 -timeout=10
           -verbosity=1 -print_final_stats=1 -artifact_prefix="$build/$name-")
  [[ ! -f $source/fuzz/$name.dict ]] || options+=(-dict="$source/fuzz/$name.dict")
  mkdir -p "${folders[0]}"
  log=$build/$name.log
  if "$program" "${options[@]}" "${folders[@]}" > "$log" 2>&1; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    peak=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
    if [[ ${runs:-0} -eq 0 ]]; then
      echo "fuzz_$name: nothing was run; see $log"
      failed=1
      continue
    fi
    echo "fuzz_$name: $runs inputs in $seconds s, no finding; peak memory $peak MB"
  else
    tail -n 40 "$log"
    echo "fuzz_$name: a finding; the input is named above, the log is $log"
    failed=1
  fi
done
exit $failed
