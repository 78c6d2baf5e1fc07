#!/usr/bin/env bash
# run.sh: measures what a hello client costs to compile with wirespan, Boost.Beast and websocketpp, and how
# large it is; writes the table in the README. Needs an idle machine for some minutes.
set -euo pipefail
. "$(dirname "$0")/../../.ci/session.sh"
cd "$(dirname "$0")/../.."

./.ci/need g++ cmake ninja-build libssl-dev zlib1g-dev libcli11-dev binutils openssl pkgconf python3 \
  libboost1.81-dev libwebsocketpp-dev
out=build/hello
cmake --preset install >/dev/null
cmake --build --preset install --parallel
cmake --install build/install --prefix "$out/prefix" >/dev/null
cmake --preset bench >/dev/null
cmake --build build/bench --parallel --target echo_server
python3 bench/hello/run.py build/bench "$out"
