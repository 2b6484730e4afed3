#!/bin/bash
# Where the engine's time goes: samples build/release/bench/engine with perf and sums the samples by
# kind of work.
#   bench/profile.sh --shape 10M --only decode --batch 64 --dtype bf16 --threads 1
# takes the benchmark's flags. BUILD=build/other profiles another build; the samples stay in
# BUILD/perf.data, for `perf report -i` and `perf annotate -i`.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build/release}
engine=$build/bench/engine
if ! command -v perf >/dev/null; then
  echo "profile: perf is missing: apt-get install linux-perf" >&2
  exit 1
fi
if [[ ! -x $engine ]]; then
  echo "profile: $engine is missing: make bench, or cmake --build $build --target benches" >&2
  exit 1
fi

[[ $* == *--only* ]] || set -- --only decode,training "$@"
[[ $* == *--seconds* ]] || set -- --seconds 3 "$@"
perf record -q -F 1999 -o "$build/perf.data" "$engine" --bare "$@"
echo
perf report -i "$build/perf.data" --stdio --no-children -q -F overhead,symbol 2>/dev/null |
  awk '
    # The first rule that fits names the kind.
    function kind(s) {
      if (s ~ /gemm/) return "products"
      if (s ~ /attention|attend|softmax_backward/) return "attention"
      if (s ~ /norm|swiglu|rope|rotate/) return "norms, RoPE, SwiGLU"
      if (s ~ /sum_exp|entropy|::exp|::max|cross_entropy/) return "softmax and loss"
      if (s ~ /pack|pair|round|store_|transpose/) return "packing and rounding"
      if (s ~ /Crew/) return "waiting for other threads"
      if (s ~ /^\[k\]/) return "the kernel of the system"
      return "other"
    }
    $1 ~ /%$/ {
      share = $1 + 0
      sub(/^ *[^ ]+ +/, "")
      sum[kind($0)] += share
    }
    END { for (k in sum) printf "%5.1f%%  %s\n", sum[k], k }' | sort -rn
echo
echo "the functions that took most:"
perf report -i "$build/perf.data" --stdio --no-children -q -F overhead,symbol 2>/dev/null |
  grep % | head -n 12 | cut -c1-110
