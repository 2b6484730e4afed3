#!/bin/bash
# All checks of the source text: format, seams, rooms; and clang-tidy if asked for.
#   tools/lint.sh                 format, seams, rooms (seconds)
#   tools/lint.sh --tidy          also clang-tidy on the files that differ from HEAD
#   tools/lint.sh --tidy all      also clang-tidy on every file (many minutes)
#   tools/lint.sh --tidy PATH...  also clang-tidy on these files or folders
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

sources() { find "$@" -name '*.cc' -o -name '*.h' | sort; }

failed=0
mapfile -t files < <(sources src include bench fuzz)
clang-format-14 --dry-run --Werror "${files[@]}" || { echo "format: run 'make format'"; failed=1; }
tools/lint_seams.sh || failed=1
tools/lint_rooms.sh || failed=1

if [[ "${1:-}" == --tidy ]]; then
  shift
  case "${1:-changed}" in
    all) mapfile -t files < <(sources src bench | grep '\.cc$') ;;
    changed) mapfile -t files < <({ git diff --name-only HEAD; git ls-files -o --exclude-standard; } |
                                  grep -E '^(src|bench)/.*\.cc$') ;;
    *) mapfile -t files < <(sources "$@" | grep '\.cc$') ;;
  esac
  if [[ ${#files[@]} -gt 0 ]]; then
    # clang's own build folder: its compile commands hold no flags that only GCC knows.
    [[ -f build/asan/build.ninja ]] || cmake --preset asan >/dev/null || exit 2
    printf '%s\n' "${files[@]}" |
      xargs -P "$(nproc)" -n 4 clang-tidy-14 -p build/asan --quiet --warnings-as-errors='*' \
        2> >(grep -vE '^[0-9]+ warnings? generated|^Suppressed|^Use -header-filter' >&2) || failed=1
  fi
fi
[[ $failed -ne 0 ]] || echo "lint: clean"
exit $failed
