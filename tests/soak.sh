#!/usr/bin/env bash
# soak.sh [MINUTES]: servers and clients of all kinds under mixed load, 30 minutes by default. Fails
# if memory or descriptors grow, a message is lost, doubled or changed, or healthy clients are not
# served.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${1:-30}
[[ $minutes =~ ^[1-9][0-9]*$ ]] || { echo "minutes: a number above 0" >&2; exit 2; }
./.ci/need g++ cmake ninja-build ccache libssl-dev zlib1g-dev libpsl-dev libcli11-dev libgtest-dev \
  libgmock-dev
cmake --preset release -DWIRESPAN_BENCH=OFF -DWIRESPAN_FUZZ=OFF >/dev/null
cmake --build --preset release --target load_soak
exec timeout $((minutes * 60 * 2 + 300)) build/release/tests/load_soak $((minutes * 60))
