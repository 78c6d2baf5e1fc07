#!/usr/bin/env bash
# run.sh [--quick] [--before CLONE] [--only PART ...]: installs the peers, builds, measures everything
# side by side, and writes bench/results.md and bench/results.svg. --quick takes less than ten minutes.
# --before: an earlier commit, whose preset bench is built, takes part and is compared row by row.
set -euo pipefail
. "$(dirname "$0")/../.ci/session.sh"
cd "$(dirname "$0")/.."

./.ci/need g++ cmake ninja-build libbenchmark-dev libcli11-dev libssl-dev openssl iproute2 \
  libdeflate-dev util-linux libboost1.81-dev libwebsocketpp-dev libwebsockets-dev python3 python3-websocket
bench/echo/install.sh

cmake --preset bench >/dev/null
cmake --build build/bench --parallel --target echo_load raw_echo echo_server raw_fan_out \
  raw_deflate wirespan_fan_out raw_client blocking_client app_client echo_peers
cmake --preset bench -B build/bench_libdeflate -DWIRESPAN_LIBDEFLATE=ON >/dev/null
cmake --build build/bench_libdeflate --parallel --target raw_deflate echo_server

ulimit -n "$(ulimit -H -n)" || true
measure=(python3 bench/echo/run.py "$@")
# A network of its own: other traffic stays out, and reno does not pace large messages as the BBR of
# some systems does. Without the right to have one it goes without.
if unshare --net true 2>/dev/null; then
  exec unshare --net sh -c '
    ip link set lo up
    echo reno >/proc/sys/net/ipv4/tcp_congestion_control || true
    exec "$@"' measure "${measure[@]}"
fi
exec "${measure[@]}"
