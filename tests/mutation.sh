#!/usr/bin/env bash
# mutation.sh [FILTER]: mutation testing. Plants each mistake of mutation/mutations.tsv whose id matches
# FILTER (a regular expression) into a copy of the tree, and lists those that no test finds. All
# mistakes are compiled into one build; the environment variable WIRESPAN_MUTANT chooses one at run
# time. Fails below 95 %.
#
# JOBS: mutants tested at once (2). COMPILERS: compilers at once (1). WITHOUT and SKIP_ORIGINALS: see
# mutation/run.py.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$PWD/build/mutation/src
./.ci/need g++ cmake ninja-build ccache libssl-dev zlib1g-dev libpsl-dev libgtest-dev libgmock-dev \
  openssl python3
mkdir -p "$copy"
python3 tests/mutation/apply.py "$copy"
export CCACHE_BASEDIR=$copy CCACHE_NOHASHDIR=1
(cd "$copy" && cmake --preset dev -DWIRESPAN_BENCH=OFF -DWIRESPAN_FUZZ=OFF -DWIRESPAN_UNITY=ON \
  -DCMAKE_PROJECT_INCLUDE="$copy/tests/mutation/optimise.cmake" >/dev/null)
filter=${1:-}
case ${filter#^} in
  core*) targets=(core_tests rfc6455_tests rfc7692_tests core_allocation_tests) ;;
  net*) targets=(net_tests option_tests simulation_tests) ;;
  tls*) targets=(tls_tests) ;;
  app* | server*) targets=(app_tests server_tests option_tests contract_call_tests simulation_tests) ;;
  *) targets=(core_tests rfc6455_tests rfc7692_tests core_allocation_tests net_tests tls_tests
              app_tests server_tests option_tests contract_call_tests simulation_tests) ;;
esac
nice cmake --build "$copy/build/dev" --parallel "${COMPILERS:-1}" --target "${targets[@]}"
exec nice python3 tests/mutation/run.py "$copy/build/dev/tests" "${JOBS:-2}" "$filter"
