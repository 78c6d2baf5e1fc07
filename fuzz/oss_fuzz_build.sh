#!/usr/bin/env bash
# Builds the fuzz targets for OSS-Fuzz, and for every other engine that keeps to its contract: the
# compiler in $CXX, its flags, sanitizer and coverage included, in $CXXFLAGS, the engine to link in
# $LIB_FUZZING_ENGINE. Into $OUT go, for each target, the program NAME_fuzz, the corpus
# NAME_fuzz_seed_corpus.zip, the dictionary NAME_fuzz.dict if there is one, and NAME_fuzz.options.
# $CC and $CFLAGS are passed on, although the project has no C.
#
#   CXX=clang++ CXXFLAGS='-g -O1 -fsanitize=address,fuzzer-no-link' \
#     LIB_FUZZING_ENGINE=-fsanitize=fuzzer OUT=build/out fuzz/oss_fuzz_build.sh [TARGET...]
#
# $SRC/wirespan is built if it exists, otherwise the project of this script; in $WORK, if it is set.
# zlib is linked statically, as programs run on a machine without it. wslay, which has no static
# library, is left out. JOBS: compilers at a time.
set -euo pipefail

: "${CXX:?is the compiler}" "${OUT:?is the folder for the programs}"
: "${LIB_FUZZING_ENGINE:?is linked to each target}"
export CC=${CC:-clang} CFLAGS=${CFLAGS:-} CXX CXXFLAGS=${CXXFLAGS:-}

project=$(cd "$(dirname "$0")/.." && pwd)
[ ! -f "${SRC:-}/wirespan/CMakeLists.txt" ] || project=$SRC/wirespan
if [ -n "${WORK:-}" ]; then
  build=$WORK/wirespan
else
  build=$(mktemp -d)
  trap 'rm -rf "$build"' EXIT
fi
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for source in "$project"/fuzz/*_fuzz.cpp; do
    name=$(basename "$source" _fuzz.cpp)
    [ "$name" = wslay ] || targets+=("$name")
  done
fi

cmake -S "$project" -B "$build" -DCMAKE_BUILD_TYPE= -DZLIB_USE_STATIC_LIBS=ON \
  -DWIRESPAN_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" -DWIRESPAN_FUZZ_WSLAY=OFF -DWIRESPAN_TLS=OFF \
  -DWIRESPAN_PSL=OFF -DWIRESPAN_TESTS=OFF -DWIRESPAN_TOOLS=OFF -DWIRESPAN_BENCH=OFF
cmake --build "$build" --parallel "${JOBS:-$(nproc)}" --target "${targets[@]/%/_fuzz}"

for target in "${targets[@]}"; do
  name=${target}_fuzz
  cp "$build/fuzz/$name" "$OUT/"
  rm -f "$OUT/${name}_seed_corpus.zip"
  (cd "$project/fuzz/corpus/$target" && python3 -m zipfile -c "$OUT/${name}_seed_corpus.zip" ./*)
  dictionary=$("$project/fuzz/dictionary.sh" "$target")
  [ -z "$dictionary" ] || cp "$project/$dictionary" "$OUT/$name.dict"
  printf '[libfuzzer]\nmax_len = 4096\n' >"$OUT/$name.options"
done
