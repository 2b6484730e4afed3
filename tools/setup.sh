#!/bin/bash
# Installs what is missing to build, run and test Troupe, from Debian 12's packages.
#   tools/setup.sh         what `make run` and `make test` need
#   tools/setup.sh ci      that, and what lint, the clang build and the sanitizers need
#   tools/setup.sh bench   the first, and what the benchmarks compare with
# Does nothing, at once, when all is there. TROUPE_SETUP=skip skips it, for systems where you
# installed the equivalents yourself. docs/dependencies.md says why each library is there.
set -euo pipefail

build_packages=(
  g++ cmake ninja-build ccache mold pkg-config
  libfmt-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libexpected-dev
  libxxhash-dev libzstd-dev libpcre2-dev libutf8proc-dev libboost-dev libssl-dev liburing-dev
  libgtest-dev
  gnuplot-nox python3 bubblewrap lua5.4
)
ci_packages=(clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev)
bench_packages=(libdnnl-dev redis-server redis-tools libhiredis-dev libsqlite3-dev)

say() { echo "setup: $*" >&2; }

wanted=("${build_packages[@]}")
case "${1:-build}" in
  build) ;;
  ci) wanted+=("${ci_packages[@]}") ;;
  bench) wanted+=("${bench_packages[@]}") ;;
  *) say "unknown set '$1'; use 'build', 'ci' or 'bench'"; exit 2 ;;
esac
[[ "${TROUPE_SETUP:-}" != skip ]] || exit 0

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  say "this is not a Debian system. Install the equivalents of these packages, then run again" \
      "with TROUPE_SETUP=skip: ${wanted[*]}"
  exit 1
fi

# One query for all; packages that dpkg has never heard of are simply not in the answer. "iF" is
# redis-server whose service could not start (its port is taken, say): the program is there, and the
# benchmarks start their own.
find_missing() {
  local installed package
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "${wanted[@]}" 2>/dev/null |
              sed -n 's/^ii *//p; s/^iF *redis-server$/redis-server/p') || true
  missing=()
  for package in "${wanted[@]}"; do
    grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
  done
}
find_missing
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    say "these packages are missing, and this is neither root nor is there sudo. Ask an" \
        "administrator to run: apt-get install ${missing[*]}"
    exit 1
  fi
  as_root=(sudo)
  [[ -t 0 ]] || as_root=(sudo -n)  # nobody there to type a password
fi

say "installing from Debian (a minute or two): ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
if ! "${apt[@]}" update >"$log" 2>&1 </dev/null ||
   ! "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null; then
  find_missing
  if [[ ${#missing[@]} -gt 0 ]]; then
    tail -n 20 "$log" >&2
    say "apt-get failed (see above). Install these yourself and run again: ${missing[*]}"
    exit 1
  fi
  say "the service of redis-server could not start; nothing here needs it"
fi
say "done"
