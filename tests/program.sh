# Helpers of the tests that run the program itself. Source it with: program=PATH; . program.sh
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
# json FILE EXPRESSION: evaluates a Python expression over the parsed object `r`.
json() { python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }
