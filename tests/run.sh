#!/usr/bin/env bash
# Sets up, builds and runs all tests. An argument goes to ctest: tests/run.sh -R channel
set -euo pipefail
cd "$(dirname "$0")/.."

./.ci/need g++ cmake ninja-build ccache libssl-dev zlib1g-dev libpsl-dev libcli11-dev libgtest-dev \
  libgmock-dev libbenchmark-dev openssl binutils git python3 strace tmux valgrind spin
tests/peers/install.sh
cmake --preset release
cmake --build --preset release
# One more than there are processors: half of the tests wait most of their time.
ctest --preset release -j "$(($(nproc) + 1))" --timeout 300 "$@"
