#!/usr/bin/env bash
# control_group.sh [BUILD_DIR]: tests the suite on implementations whose results are known. Writes
# CONTROL_GROUP.md and a report in build/control_group.
set -euo pipefail
. "$(dirname "$0")/../../.ci/session.sh"
cd "$(dirname "$0")/../.."

build=${1:-build/release}
./.ci/need g++ python3-websockets libwebsocketpp-dev zlib1g-dev
[ -e /usr/include/boost/beast.hpp ] || ./.ci/need libboost-dev
[ -e /usr/include/boost/asio.hpp ] || ./.ci/need libboost-dev
tests/peers/install.sh

out=build/control_group
mkdir -p "$out"
peers=tests/conformance/peers
compile() { # compile STANDARD NAME LIBRARIES...
  local program=$out/$2
  [ "$program" -nt "$peers/$2.cpp" ] ||
    g++ "-std=$1" -O2 -w "$peers/$2.cpp" -o "$program" -pthread "${@:3}"
}
compile c++17 beast_server
compile c++14 websocketpp_server -lz
exec /usr/bin/python3 tests/conformance/control_group.py "$build" "$out"
