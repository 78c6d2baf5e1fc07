#!/usr/bin/env bash
# run_programs.sh APP_DIR SNIPPET_DIR PORT: every example and every snippet of the README does what it
# says, against the echo server.
set -euo pipefail

app=$1 snippets=$2 port=$3
work=$(mktemp -d)
server=
finish() {
  [ -n "$server" ] && kill -TERM "$server" 2>/dev/null
  wait
  rm -rf "$work"
}
trap finish EXIT

serve() { # serve PORT: starts the echo server and sets $url
  : >"$work/server"
  "$app/echo_server" --port "$1" >"$work/server" &
  server=$!
  for _ in $(seq 200); do
    url=$(sed -n 's/^listening on //p' "$work/server")
    [ -n "$url" ] && return
    sleep 0.05
  done
  exit 1
}

expect() { # expect LINES PROGRAM ARGUMENTS...
  local lines=$1
  shift
  timeout 60 "$@" >"$work/out"
  if ! diff <(printf '%b' "$lines") "$work/out"; then
    echo "$* printed something else"
    exit 1
  fi
}

serve "$port"
expect "Sending 'Hello, World'...\nReceived 'Hello, World'\n" "$app/short_connection" "$url"
# Its two last lines come from two threads, in either order.
timeout 60 "$app/long_callbacks" "$url" | sort >"$work/sorted"
expect "closed: 1000\nopened\nreceived: Hello 0\nreceived: Hello 1\nreceived: Hello 2\nthread terminating...\n" \
  cat "$work/sorted"
expect "opened\nreceived: message 0\nreceived: message 1\nreceived: message 2\nclosed: 1000 \n" \
  "$app/long_subclass" "$url"

expect "hello\nclosed\n" "$snippets/snippet_1"
expect "hello\n" "$snippets/snippet_2"
expect "Hello, World\n" "$snippets/snippet_3"
expect "server: hello\nclient: hello\n" "$snippets/snippet_6"
expect "not compressed\na long text\n" "$snippets/snippet_5"

# The server of the README, on the same port.
kill -TERM "$server"
wait "$server"
"$snippets/snippet_4" &
server=$!
for _ in $(seq 100); do
  if timeout 10 "$snippets/snippet_3" >"$work/out" 2>/dev/null; then break; fi
  sleep 0.1
done
grep -qx "Hello, World" "$work/out"
echo "all programs did what they say"
