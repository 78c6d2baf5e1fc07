#!/usr/bin/env bash
# million_messages.sh PROGRAM ECHO_SERVER COUNT [tls]: runs the program against the echo server.
set -euo pipefail
. "$(dirname "$0")/../../.ci/session.sh"

program=$1 echo_server=$2 count=$3 tls=${4:-}
work=$(mktemp -d)
server=
finish() {
  [ -n "$server" ] && kill -TERM "$server" 2>/dev/null
  wait
  rm -rf "$work"
}
trap finish EXIT

options=()
if [ -n "$tls" ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
    -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
  options=(--tls --certificate "$work/certificate.pem" --key "$work/key.pem")
fi
: >"$work/out"
"$echo_server" --port 0 "${options[@]}" >"$work/out" &
server=$!
url=
for _ in $(seq 200); do
  url=$(sed -n 's/^listening on //p' "$work/out")
  [ -n "$url" ] && break
  sleep 0.05
done
"$program" "$url" "$count" ${tls:+"$work/certificate.pem"}
kill -TERM "$server"
wait "$server" # exits with 0, unless a sanitizer has reported an error
server=
