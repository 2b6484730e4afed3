#!/bin/bash
# Fails if a room includes a room that is not above it, if a room has no README.md, if a header does
# not begin with #pragma once, or if two headers define a type of the same name. Prints file:line
# and the rule.
#   tools/lint_rooms.sh [ROOT]
set -uo pipefail
cd "${1:-$(dirname "$0")/..}" || exit 2

# In the order of who may include whom: a room includes itself and the rooms before it.
rooms=(base config model environment versions experience rollout train orchestrate simulate observe cli)
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

# Two types of one name in one namespace link without a word and crash at run time. Nested types and
# specialisations aside, and the kernels, which have a namespace for each instruction set.
declare -A type_at
while IFS=: read -r file line text; do
  name=$(sed -E 's/^(struct|class|enum class|enum) (\[\[\w+\]\] )?(\w+).*/\3/' <<<"$text")
  if [[ -n ${type_at[$name]:-} ]]; then
    complain "$file:$line: a type named $name is already in ${type_at[$name]}"
  fi
  type_at[$name]=$file:$line
done < <(grep -rnE --include='*.h' --exclude-dir=kernels \
           '^(struct|class|enum class|enum) (\[\[\w+\]\] )?\w+( (final|:)[^;]*)?( : [^;]*)? \{' src include | sort)
exit $found
