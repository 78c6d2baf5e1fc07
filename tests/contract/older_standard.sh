#!/usr/bin/env bash
# older_standard.sh COMPILER INCLUDE_OPTIONS HEADER...: a program in C++17 that includes any public header
# gets one line that names C++20, and no other error but the end there.
set -uo pipefail
compiler=$1 options=$2
shift 2
out=$(mktemp)
trap 'rm -f "$out"' EXIT
bad=0
for header in "$@"; do
  # shellcheck disable=SC2086 # several options
  if echo "#include <$header>" | LC_ALL=C "$compiler" -std=c++17 -fsyntax-only $options -x c++ - 2>"$out"; then
    echo "$header: compiles as C++17, without a word"
    bad=1
  elif [ "$(grep -c ' error: ' "$out")" != 2 ] || ! grep -q ' error: .*wirespan needs C++20' "$out"; then
    echo "$header:"
    head -n 5 "$out"
    bad=1
  fi
done
[ $bad = 0 ] && echo "$# headers, each with one clear line"
exit $bad
