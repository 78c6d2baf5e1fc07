#!/usr/bin/env bash
# installed_consumer.sh SOURCE_DIR BUILD_DIR WORK_DIR COMPILER FLAGS: builds and runs a project that
# finds the installed library. tests/packaging/ways.sh has the other ways.
set -euo pipefail

source=$1 build=$2 work=$3 compiler=$4 flags=${5:-}
rm -rf "$work"
cmake --install "$build" --prefix "$work/prefix" >/dev/null

consume() { # consume NAME CMAKE_OPTIONS...
  local tree="$work/$1"
  shift
  cmake -G Ninja -S "$source/tests/contract/consumer" -B "$tree" -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$flags" "$@" >/dev/null
  cmake --build "$tree" >/dev/null
  "$tree/consumer"
}

consume installed -DCMAKE_PREFIX_PATH="$work/prefix"
[ -z "$(find "$work/prefix" -name '*_impl.hpp' -path '*app*' -o -name 'dialer.hpp')" ] ||
  { echo "a private header is installed"; exit 1; }
