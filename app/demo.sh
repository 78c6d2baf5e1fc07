#!/usr/bin/env bash
# Sets up, builds, and shows the long and the short connection over ws: and wss:.
set -euo pipefail
. "$(dirname "$0")/../.ci/session.sh"
cd "$(dirname "$0")/.."

./.ci/need g++ cmake ninja-build ccache libssl-dev zlib1g-dev libcli11-dev openssl
echo "building (build/demo)"
cmake --preset demo >/dev/null
cmake --build --preset demo \
  --target echo_server long_callbacks long_subclass short_connection | tail -n 1
bin=build/demo/app

work=$(mktemp -d)
servers=()
finish() {
  for pid in "${servers[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}
trap finish EXIT

# An authority and a certificate for 127.0.0.1, which the clients verify.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 \
  -subj "/CN=wirespan demo authority" -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" \
  -keyout "$work/server.key" -out "$work/server.csr" 2>/dev/null
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$work/names"
openssl x509 -req -in "$work/server.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" \
  -CAcreateserial -days 1 -extfile "$work/names" -out "$work/server.pem" 2>/dev/null
export WEBSOCKET_CLIENT_CA_BUNDLE="$work/ca.pem"

# start NAME OPTIONS...: starts an echo server on a free port and sets $url to its address.
start() {
  local out="$work/$1.out"
  shift
  : >"$out"
  "$bin/echo_server" --port 0 "$@" >"$out" &
  servers+=($!)
  for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$out")
    [ -n "$url" ] && return
    sleep 0.05
  done
  echo "the echo server did not start" >&2
  exit 1
}

converse() {
  echo
  echo "== short connection, $1"
  timeout 20 "$bin/short_connection" "$1"
  echo "== long connection with callbacks, $1"
  timeout 20 "$bin/long_callbacks" "$1"
  echo "== long connection as a class, $1"
  timeout 20 "$bin/long_subclass" "$1"
}

start plain
converse "$url"
start tls --tls --certificate "$work/server.pem" --key "$work/server.key"
converse "$url"
echo
echo "demo: all conversations went well"
