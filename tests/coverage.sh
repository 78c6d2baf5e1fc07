#!/usr/bin/env bash
# coverage.sh: the lines and branches of each layer that the layer's own tests reach. Fails below the
# targets of coverage.py; prints the lines that no test reaches, with the reasons of coverage.tsv.
# Per line: build/coverage/LAYER.html.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/coverage
jobs=${JOBS:-$(nproc)}
declare -A tests=(
  [core]='^(core_tests|core_allocation_tests|rfc6455_tests|rfc7692_tests|model_replay_test)'
  [net]='^(net_tests|net_allocation_tests|simulation_tests|memory_failure_tests)'
  [tls]='^tls_tests'
  [app]='^(app_tests|app_allocation_tests|server_tests|server_allocation_tests|server_fault_tests|simulation_tests|memory_failure_tests)')
layers=("$@")
[ ${#layers[@]} -gt 0 ] || layers=(core net tls app)

./.ci/need g++ cmake ninja-build ccache gcovr libssl-dev zlib1g-dev libpsl-dev libcli11-dev \
  libgtest-dev libgmock-dev openssl python3
cmake --preset coverage -DWIRESPAN_BENCH=OFF -DWIRESPAN_FUZZ=OFF >/dev/null
targets=()
for target in core_tests core_allocation_tests rfc6455_tests rfc7692_tests model_replay_test net_tests \
    net_allocation_tests simulation_tests tls_tests app_tests app_allocation_tests server_tests \
    server_allocation_tests server_fault_tests memory_failure_tests; do
  for layer in "${layers[@]}"; do
    if [[ $target =~ ${tests[$layer]} ]]; then targets+=("$target"); break; fi
  done
done
cmake --build --preset coverage --parallel "$jobs" --target "${targets[@]}"

for layer in "${layers[@]}"; do
  find "$build" -name '*.gcda' -delete
  ctest --test-dir "$build" --output-on-failure -j "$jobs" --timeout 600 -R "${tests[$layer]}"
  gcovr --root . --filter "$layer/" --filter ".*include/$layer/.*" --exclude 'app/(tools|examples)/' \
    --exclude-unreachable-branches --exclude-throw-branches --json "$build/$layer.json" \
    --html-details "$build/$layer.html" "$build"
done
python3 tests/coverage.py "${layers[@]}"
