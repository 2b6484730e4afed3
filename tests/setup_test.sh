#!/bin/bash
# Tests of tools/setup.sh with stand-ins for dpkg-query, apt-get, sudo and id: nothing is installed.
#   tests/setup_test.sh ROOT
set -uo pipefail
setup=$1/tools/setup.sh
fake=$(mktemp -d)
trap 'rm -rf "$fake"' EXIT
failures=0

stub() { printf '#!/bin/bash\n%s\n' "$2" > "$fake/bin/$1"; chmod +x "$fake/bin/$1"; }
fresh() {
  rm -rf "$fake/bin"
  mkdir "$fake/bin"
  : > "$fake/log"
  for tool in bash sed grep env cat tail mktemp rm; do ln -s "$(command -v $tool)" "$fake/bin/$tool"; done
  stub id 'echo 0'
  # Says that all packages are installed, but for those that $GONE matches.
  stub dpkg-query 'shift 3; for p in "$@"; do [[ $p =~ ^(${GONE:-none})$ ]] || echo "ii $p"; done'
  stub apt-get "echo \"apt-get \$*\" >> $fake/log"
  stub sudo "echo \"sudo \$*\" >> $fake/log; [[ \$1 != -n ]] || shift; exec \"\$@\""
}
# check NAME CODE PATTERN ARGS...: runs setup, compares the exit code, looks for PATTERN in its output
# and in the log of the stand-ins ("" means that both must be empty).
check() {
  local name=$1 code=$2 pattern=$3 out got=0
  shift 3
  out=$(PATH=$fake/bin "$fake/bin/bash" "$setup" "$@" 2>&1 </dev/null) || got=$?
  out+=$(cat "$fake/log")
  if [[ $got -ne $code ]] || { [[ -z $pattern ]] && [[ -n $out ]]; } || ! grep -qE -- "$pattern" <<<"$out"; then
    echo "FAILED: $name: exit $got, wanted $code and '$pattern': $out"
    failures=$((failures + 1))
  fi
}

fresh; check "nothing missing" 0 ""
fresh; check "nothing missing for CI" 0 "" ci
fresh; GONE=mold check "says what it installs" 0 'installing from Debian .*: mold$'
fresh; GONE=mold check "updates first" 0 'apt-get -q .* update'
fresh; GONE='mold|g[+][+]' check "installs only what is missing" 0 'install -y --no-install-recommends g[+][+] mold$'
fresh; GONE=clang-14 check "the build set needs no clang" 0 ""
fresh; GONE=clang-14 check "the CI set needs clang" 0 'recommends clang-14$' ci
fresh; GONE=libdnnl-dev check "the build set needs no oneDNN" 0 ""
fresh; GONE=libdnnl-dev check "the bench set needs oneDNN" 0 'recommends libdnnl-dev$' bench
fresh; stub id 'echo 1000'; GONE=mold check "through sudo" 0 'sudo -n env .*apt-get'
fresh; stub id 'echo 1000'; rm "$fake/bin/sudo"; GONE=mold check "no sudo" 1 'run: apt-get install mold'
fresh; rm "$fake/bin/dpkg-query"; check "not Debian" 1 'not a Debian system'
fresh; rm "$fake/bin/dpkg-query"; TROUPE_SETUP=skip check "skipped" 0 ""
fresh; stub apt-get 'echo broken mirror; exit 100'; GONE=mold check "apt-get fails" 1 'apt-get failed .* mold'
fresh; stub apt-get 'echo broken mirror; exit 100'; GONE=mold check "shows why" 1 'broken mirror'
# redis-server arrives, but its service does not start: apt-get fails, dpkg calls it half-configured.
half='shift 3; for p in "$@"; do case $p in redis-server) [[ ! -e FAKE/tried ]] || echo "iF $p";; *) echo "ii $p";; esac; done'
fresh; stub dpkg-query "${half//FAKE/$fake}"; stub apt-get "[[ \$* != *install* ]] || { : > $fake/tried; exit 100; }"
check "a service that cannot start" 0 'could not start; nothing here needs it' bench
check "and is not tried again" 0 "" bench
fresh; check "unknown set" 2 "unknown set 'x'" x

echo "$failures failures"
[[ $failures -eq 0 ]]
