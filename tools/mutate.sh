#!/bin/bash
# Plants faults in a copy of the sources, one at a time, and says which seed of the soak finds each
# (docs/soak.md): a fault that no seed finds shows where the laws are blind.
#   tools/mutate.sh [NAME...]      all of tests/mutations, or those; SEEDS=2000 at most for each,
#                                  JOBS of them side by side
# The copy and its build stay in build/mutations. Exit code 1 if a fault was not found.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
seeds=${SEEDS:-2000}
jobs=${JOBS:-$(nproc)}
players=$((jobs > 1 ? jobs : 2))  # in processes of their own, so that one that crashes is told of
tree=build/mutations/tree
program=build/release/troupe
names=("$@")
if [[ ${#names[@]} == 0 ]]; then
  for patch in tests/mutations/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi

# A copy that was left with a fault in it is not to be trusted.
[[ -f build/mutations/whole ]] || rm -rf "$tree"
rm -f build/mutations/whole
mkdir -p "$tree"
find "$tree" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
git ls-files -co --exclude-standard | tar -c -T - | tar -x -C "$tree" || exit 2
export CCACHE_BASEDIR=$PWD/$tree CCACHE_NOHASHDIR=1
log=$PWD/build/mutations/build.log
build() { (cd "$tree" && cmake --build build/release --target troupe -j "$jobs") > "$log" 2>&1; }
[[ -f $tree/build/release/build.ninja ]] || (cd "$tree" && cmake --preset release) > "$log" 2>&1
build || { tail -20 "$log"; echo "the sources do not build without a fault"; exit 2; }

# The first seed that breaks a law, and the law. Few seeds first: most faults are found at once.
find_seed() {
  local first=1 size=50 out
  while ((first <= seeds)); do
    ((size = size < seeds - first + 1 ? size : seeds - first + 1))
    out=$(timeout 3600 "$tree/$program" simulate soak --first "$first" --seeds "$size" \
      --jobs "$players" 2>&1 > /dev/null)
    if [[ $? != 0 ]]; then
      sed -n 's/^/    /p' <<< "$out" | head -3
      return 0
    fi
    ((first += size, size *= 2))
  done
  return 1
}

missed=0
for name in "${names[@]}"; do
  patch=$PWD/tests/mutations/$name.patch
  echo "$name: $(head -1 "$patch")"
  patch -s -p1 -d "$tree" < "$patch" || { echo "    does not apply"; missed=1; continue; }
  if build; then
    find_seed || { echo "    NOT FOUND in $seeds seeds"; missed=1; }
  else
    grep -m1 error: "$log"
    echo "    does not build"
    missed=1
  fi
  patch -s -R -p1 -d "$tree" < "$patch" || exit 2
done
build && touch build/mutations/whole
exit $missed
