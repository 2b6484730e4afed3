#!/bin/bash
# Fails if code outside the seams touches what the seams are for: the wall clock, threads and locks,
# sockets, random devices, raw files. Prints file:line and the rule.
#   tools/lint_seams.sh [ROOT]
# The seams are src/base and, for its threads, src/model/kernels. Benches measure time themselves and
# are not looked at. Tests may use threads, to test what is thread-safe, and std::ifstream, to read
# their testdata.
set -uo pipefail
cd "${1:-$(dirname "$0")/..}" || exit 2

found=0
# rule NAME PATTERN FILES...: PATTERN (PCRE) must not occur in FILES, // comments aside.
rule() {
  local name=$1 pattern=$2 hits
  shift 2
  [[ $# -gt 0 ]] || return 0
  hits=$(grep -anHP "^(?:(?!//).)*?(?:$pattern)" "$@")
  [[ -n "$hits" ]] || return 0
  while IFS=: read -r file line text; do
    echo "$file:$line: $name: ${text#"${text%%[![:space:]]*}"}"
  done <<<"$hits"
  found=1
}

mapfile -t all < <(find src include \( -name '*.cc' -o -name '*.h' \) ! -path 'src/base/*' | sort)
outside=() product=() tests=()
for file in "${all[@]}"; do
  [[ $file != src/model/kernels/* ]] || continue
  outside+=("$file")
  if [[ $file == *_test.cc ]]; then tests+=("$file"); else product+=("$file"); fi
done

# A free function of this name, not a member or another's. clang-format leaves no space before "(",
# so prose inside a string ("random (by seed)") is not a call.
free='(?<![\w.>:])(?:std::|::)?'
rule "wall clock outside src/base (use Executor::now and at)" \
  "\b(system|steady|high_resolution|utc|file)_clock\b|\b(gettimeofday|clock_gettime|clock_nanosleep|nanosleep|usleep|localtime(_r)?|gmtime(_r)?|strftime)\(|${free}time\(\s*(NULL|nullptr|0|&\w+)\s*\)|${free}clock\(\s*\)|<(ctime|time\.h|sys/time\.h)>|\bthis_thread\b|\b__builtin_ia32_rdtsc|\b__rdtsc" \
  "${outside[@]}"
rule "threads outside src/base and src/model/kernels (use Executor::blocking)" \
  "<(thread|mutex|shared_mutex|condition_variable|future|semaphore|barrier|latch|stop_token|pthread\.h|threads\.h|omp\.h)>|\bstd::(jthread|thread|(recursive_|timed_|recursive_timed_|shared_|shared_timed_)?mutex|lock_guard|unique_lock|scoped_lock|shared_lock|condition_variable(_any)?|async|future|shared_future|promise|packaged_task|counting_semaphore|binary_semaphore|latch|barrier|call_once|once_flag|atomic_wait\w*|atomic_notify\w*)\b|\bpthread_\w+|#\s*pragma\s+omp" \
  "${product[@]}"
rule "sockets outside src/base" \
  "<(sys/socket\.h|netinet/\w+\.h|arpa/inet\.h|netdb\.h|sys/un\.h)>|${free}(socket|socketpair|getaddrinfo)\(" \
  "${outside[@]}"
rule "randomness that is not base/rng.h" \
  "<random>|\brandom_device\b|\bmt19937(_64)?\b|\b(minstd_rand0?|default_random_engine|ranlux\w+|knuth_b)\b|${free}(s?rand|s?random|[dlm]rand48|getrandom|getentropy|arc4random)\(|/dev/u?random" \
  "${all[@]}"
raw_files="<(filesystem|dirent\.h|sys/stat\.h|sys/mman\.h)>|\bstd::(filesystem\b|(basic_)?o?fstream\b|(basic_)?filebuf\b)|\b(fopen|freopen|mkstemp|mkdtemp|tmpfile|opendir)\(|${free}(open|openat|creat|mmap|rename|unlink|remove|mkdir|rmdir)\(\s*(\"|[\w.>-]+(\.c_str\(\)|\.data\(\)|path))"
rule "a raw file (use base/disk.h)" "<fstream>|\bstd::(basic_)?ifstream\b|$raw_files" "${product[@]}"
rule "a raw file (use base/disk.h)" "$raw_files" "${tests[@]}"
exit $found
