#!/bin/bash
# Fails if a room includes a room that is not above it, if a room has no README.md, or if a header
# does not begin with #pragma once. Prints file:line and the rule.
#   tools/lint_rooms.sh [ROOT]
set -uo pipefail
cd "${1:-$(dirname "$0")/..}" || exit 2

# In the order of who may include whom: a room includes itself and the rooms before it.
rooms=(base config model environment versions experience rollout train orchestrate observe cli)
declare -A rank
for i in "${!rooms[@]}"; do rank[${rooms[$i]}]=$i; done

found=0
complain() { echo "$1"; found=1; }

while IFS=: read -r file line text; do
  path=${text#*\"}
  path=${path%%\"*}
  to=${path%%/*}
  if [[ $file == include/* ]]; then
    [[ $to == troupe ]] ||
      complain "$file:$line: a public header includes only public headers, not $path"
    continue
  fi
  from=${file#src/}
  from=${from%%/*}
  if [[ $path != */* ]]; then
    complain "$file:$line: write the path from src/ or include/: $path"
  elif [[ $to != troupe && -z ${rank[$to]:-} ]]; then
    complain "$file:$line: no room is called $to: $path"
  elif [[ $to != troupe && ${rank[$to]} -gt ${rank[$from]:-99} ]]; then
    complain "$file:$line: $from may not include $to, which is below it: $path"
  fi
done < <(grep -rnE --include='*.h' --include='*.cc' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' \
           src include)

for folder in src src/*/; do
  folder=${folder%/}
  [[ -f $folder/README.md ]] || complain "$folder:1: every room has a README.md of one paragraph"
  name=${folder#src/}
  [[ $folder == src || -n ${rank[$name]:-} ]] ||
    complain "$folder:1: a new room needs its place in tools/lint_rooms.sh and docs/architecture.md"
done

while read -r header; do
  [[ $(head -n 1 "$header") == '#pragma once' ]] ||
    complain "$header:1: a header begins with #pragma once"
done < <(find src include -name '*.h' | sort)
exit $found
