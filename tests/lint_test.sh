#!/bin/bash
# Tests of the lint scripts: each plants one violation in a copy of the tree and must see it found,
# at its file and line; allowed places and comments must stay silent.
#   tests/lint_test.sh ROOT
set -uo pipefail
root=$1
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir -p "$copy/src" "$copy/include/troupe"
rooms=(base config model environment versions experience rollout train orchestrate observe cli)
for room in "${rooms[@]}"; do
  mkdir -p "$copy/src/$room"
  echo "# $room" > "$copy/src/$room/README.md"
  printf '#pragma once\n#include "base/x.h"\n' > "$copy/src/$room/x.h"
done
printf '#pragma once\n' > "$copy/src/base/x.h"
mkdir -p "$copy/src/model/kernels"
echo "# src" > "$copy/src/README.md"
failures=0

# expect found|clean SCRIPT FILE TEXT: TEXT as line 2 of FILE must be found there, or not at all.
expect() {
  local want=$1 script=$2 file=$3 text=$4 out code=0
  local saved=""
  [[ -f $copy/$file ]] && saved=$(cat "$copy/$file")
  case $file in
    *.h) printf '#pragma once\n%s\n' "$text" > "$copy/$file" ;;
    *) printf '// line 1\n%s\n' "$text" > "$copy/$file" ;;
  esac
  out=$("$root/tools/$script" "$copy" 2>&1) || code=$?
  if [[ $want == found ]]; then
    if [[ $code -ne 1 ]] || ! grep -qF "$file:2: " <<<"$out"; then
      echo "FAILED: $script did not find in $file: $text (exit $code) $out"
      failures=$((failures + 1))
    fi
  elif [[ $code -ne 0 || -n $out ]]; then
    echo "FAILED: $script complained of $file: $text (exit $code) $out"
    failures=$((failures + 1))
  fi
  if [[ -n $saved ]]; then printf '%s\n' "$saved" > "$copy/$file"; else rm "$copy/$file"; fi
}

seams() { expect "$1" lint_seams.sh "$2" "$3"; }
seams found src/train/a.cc 'auto t = std::chrono::steady_clock::now();'
seams found src/train/a.cc 'std::time_t t = time(nullptr);'
seams found src/train/a.cc 'auto t = std::time(0);'
seams found src/train/a.cc 'clock_gettime(CLOCK_MONOTONIC, &t);'
seams found src/train/a.cc 'gettimeofday(&t, nullptr);'
seams found src/train/a.cc 'std::this_thread::sleep_for(d);'
seams found src/train/a_test.cc 'auto t = std::chrono::system_clock::now();'
seams found src/rollout/a.h '#include <thread>'
seams found src/rollout/a.h 'std::mutex mutex_;'
seams found src/rollout/a.cc 'auto f = std::async(work);'
seams found src/rollout/a.cc 'pthread_create(&t, nullptr, f, nullptr);'
seams found src/rollout/a.cc 'std::condition_variable ready;'
seams found src/rollout/a.cc '#pragma omp parallel for'
seams found src/observe/a.cc '#include <sys/socket.h>'
seams found src/observe/a.cc 'int s = socket(AF_INET, SOCK_STREAM, 0);'
seams found src/model/a.cc 'std::mt19937 rng(1);'
seams found src/model/kernels/a.cc 'std::random_device device;'
seams found src/environment/a.cc 'int x = rand() % 6;'
seams found src/environment/a.cc 'auto f = disk("/dev/urandom");'
seams found src/versions/a.cc 'std::ifstream in(path);'
seams found src/versions/a.cc 'FILE* f = fopen("x", "r");'
seams found src/versions/a.cc 'int fd = open(path.c_str(), O_RDONLY);'
seams found src/versions/a.cc 'int fd = ::open("x", 0);'
seams found src/versions/a.cc 'std::filesystem::remove_all(p);'
seams found src/versions/a.h '#include <fstream>'
seams found src/versions/a_test.cc 'std::ofstream out(path);'
seams clean src/versions/a_test.cc 'std::ifstream golden(path);'
seams found include/troupe/a.h '#include <mutex>'
seams clean src/base/a.cc 'std::mutex m; auto t = std::chrono::steady_clock::now();'
seams clean src/model/kernels/a.cc 'std::thread worker;'
seams clean src/rollout/a_test.cc 'std::thread worker;'
seams clean src/train/a.cc '// not std::mutex, not time(nullptr), not rand()'
seams clean src/train/a.cc 'auto t = executor.time(0); auto c = state.clock(); x.open("y"); file->rand();'
seams clean src/train/a.cc 'double operand(int); double brand(int); int downtime(int);'
seams clean src/cli/a.cc 'help = "Seed of everything random (run.seed)";'

rooms() { expect "$1" lint_rooms.sh "$2" "$3"; }
rooms found src/base/a.cc '#include "config/x.h"'
rooms found src/model/a.h '#include "environment/x.h"'
rooms found src/orchestrate/a.cc '  #  include "observe/x.h"'
rooms found src/cli/a.cc '#include "x.h"'
rooms found src/cli/a.cc '#include "nowhere/x.h"'
rooms found include/troupe/a.h '#include "base/x.h"'
rooms clean src/cli/a.cc '#include "observe/x.h"'
rooms clean src/train/a.cc '#include "troupe/result.h"'
rooms clean src/train/a.cc '#include "train/x.h"'

printf '#pragma once\nstruct Row {\n};\n' > "$copy/src/base/row.h"
rooms found src/train/a.h 'struct Row {'
rooms found src/train/a.h 'class Row final : public Line {'
rooms clean src/train/a.h 'struct Row;'
rooms clean src/train/a.h 'struct Line::Row {'
rooms clean src/train/a.h 'struct Rows {'

# house TEXT COMMAND...: after COMMAND in the copy, lint_rooms must say TEXT.
house() {
  local text=$1 out
  shift
  (cd "$copy" && "$@")
  if out=$("$root/tools/lint_rooms.sh" "$copy" 2>&1) || ! grep -qF "$text" <<<"$out"; then
    echo "FAILED: lint_rooms.sh after '$*' did not say '$text': $out"
    failures=$((failures + 1))
  fi
}
house 'src/train:1: every room has a README.md' rm src/train/README.md
house 'src/attic:1: a new room' mkdir src/attic
house 'src/model/x.h:1: a header begins with #pragma once' sed -i '1i // hello' src/model/x.h

echo "$failures failures"
[[ $failures -eq 0 ]]
