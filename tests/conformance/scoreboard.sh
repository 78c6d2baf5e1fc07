#!/usr/bin/env bash
# scoreboard.sh [BUILD_DIR]: judges this library and other implementations, and writes app/guide/scoreboard.md
# and a report in build/scoreboard. CASES=1.*,2.* judges by a selection of cases.
set -euo pipefail
. "$(dirname "$0")/../../.ci/session.sh"
cd "$(dirname "$0")/../.."

build=${1:-build/release}
./.ci/need g++ python3-websockets libwebsocketpp-dev libwebsockets-dev libssl-dev zlib1g-dev nginx-light
[ -e /usr/include/boost/beast.hpp ] || ./.ci/need libboost-dev
[ -e /usr/include/boost/asio.hpp ] || ./.ci/need libboost-dev
tests/peers/install.sh
bench/echo/install.sh
cmake --build "$build" --target wsconform echo_server autobahn_client

out=build/scoreboard
mkdir -p "$out"
compile() { # compile STANDARD SOURCE LIBRARIES...
  local program
  program=$out/$(basename "$2" .cpp)
  [ "$program" -nt "$2" ] || g++ "-std=$1" -O2 -w "$2" -o "$program" -pthread "${@:3}"
}
compile c++17 tests/conformance/peers/beast_server.cpp
compile c++14 tests/conformance/peers/websocketpp_server.cpp -lz
compile c++17 bench/echo/servers/lws_echo.cpp -lwebsockets -lssl -lcrypto
exec /usr/bin/python3 tests/conformance/scoreboard.py "$build" "$out"
