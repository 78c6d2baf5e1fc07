#!/usr/bin/env bash
# layers_point_down.sh COMPILER SOURCE_DIR BUILD_DIR: checks that including a header of a higher
# layer does not compile, and that no file leaves its layer by a relative path.
set -euo pipefail

compiler=$1 source=$2 build=$3
layers=(core net tls app)
header=([0]=bytes.hpp [1]=stream.hpp [2]=options.hpp [3]=websocket.hpp)

compiles() { # compiles HIGHEST_ROOT HEADER
  local roots=()
  for ((i = 0; i <= $1; ++i)); do roots+=("-I$build/include/${layers[i]}"); done
  echo "#include <wirespan/$2>" | "$compiler" -std=c++20 -fsyntax-only "${roots[@]}" -x c++ - 2>/dev/null
}

for own in 0 1 2 3; do
  for other in 0 1 2 3; do
    target=${layers[other]}/${header[other]}
    if [ "$other" -le "$own" ]; then
      compiles "$own" "$target" || { echo "${layers[own]} cannot see $target"; exit 1; }
    elif compiles "$own" "$target"; then
      echo "${layers[own]} can see $target"
      exit 1
    fi
  done
done

cd "$source"
if grep -nE '#include "' core/*.?pp net/*.?pp tls/*.?pp app/*.?pp app/{client,common,server}/*.?pp; then
  echo "includes within the library are written <wirespan/...>"
  exit 1
fi
echo "all includes point down"
