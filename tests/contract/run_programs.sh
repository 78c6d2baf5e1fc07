#!/usr/bin/env bash
# run_programs.sh APP_DIR SNIPPET_DIR PORT: checks the output of every example and every snippet of
# the README, against the echo server.
set -euo pipefail
. "$(dirname "$0")/../../.ci/session.sh"

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
# The last two lines of this example come from two threads, in either order.
timeout 60 "$app/long_callbacks" "$url" | sort >"$work/sorted"
expect "closed: 1000\nopened\nreceived: Hello 0\nreceived: Hello 1\nreceived: Hello 2\nthread terminating...\n" \
  cat "$work/sorted"
expect "opened\nreceived: message 0\nreceived: message 1\nreceived: message 2\nclosed: 1000 \n" \
  "$app/long_subclass" "$url"

expect "50 of 50 apps were answered\n" "$app/many_apps" "$url" 50
expect "5 days without a gap\n" "$app/test_your_reconnect" 1 5

# Ctrl+C: one closing handshake, whether there is a connection or not.
interrupted() { # interrupted LINES URL WORD: sends SIGINT once the output has WORD
  "$app/ctrl_c" "$2" >"$work/out" &
  local client=$!
  for _ in $(seq 200); do
    grep -q "$3" "$work/out" && break
    sleep 0.05
  done
  kill -INT "$client"
  wait "$client"
  diff <(printf '%b' "$1") "$work/out"
}
interrupted "opened\nclosed: 1000\nstopped\n" "$url" opened
refused='connecting to "ws://127.0.0.1:1/" at 127.0.0.1:1: Connection refused'
interrupted "error: $refused\nclosed: none\nstopped: $refused\n" ws://127.0.0.1:1/ error

# A server that comes later than its client: every attempt that fails is told, no message is lost.
kill -TERM "$server"
wait "$server"
timeout 60 "$app/reconnecting" "$url" 12 >"$work/out" &
client=$!
sleep 0.4
serve "$port"
wait "$client"
grep -q '^error: connecting to .*: Connection refused$' "$work/out"
{
  echo opened
  seq -f 'received: message %g' 0 11
  echo stopped
} | diff - <(grep -v '^error: ' "$work/out")

expect "Hello, World\n" "$snippets/README_1"
expect "hello\nclosed\n" "$snippets/README_3"

# The server of the README, on the same port.
kill -TERM "$server"
wait "$server"
"$snippets/README_2" &
server=$!
for _ in $(seq 100); do
  if timeout 10 "$snippets/README_1" >"$work/out" 2>/dev/null; then break; fi
  sleep 0.1
done
grep -qx "Hello, World" "$work/out"
kill -TERM "$server"
wait "$server" || true
server=

# The example servers, each on a port that the kernel picks.
start() { # start PROGRAM ARGUMENTS...: sets $server, and $port from the line that it prints
  : >"$work/server"
  "$@" <&0 >"$work/server" & # with the caller's input, not /dev/null
  server=$!
  for _ in $(seq 200); do
    port=$(sed -n 's|^[a-z]*://localhost:\([0-9]*\)/$|\1|p' "$work/server")
    [ -n "$port" ] && return
    sleep 0.05
  done
  exit 1
}

ask() { # ask TARGET: prints the whole answer to a plain request
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET %s HTTP/1.1\r\nHost: localhost:%s\r\n\r\n' "$1" "$port" >&3
  timeout 20 cat <&3
  exec 3>&-
}

upgrade() { # upgrade SECONDS: prints, as text, the bytes that a silent connection gets in that time
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET / HTTP/1.1\r\nHost: localhost:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n' "$port" >&3
  timeout "$1" cat <&3 | tr -cd '[:print:]\n' || true
  exec 3>&-
}

start "$app/chat_room" 0
ask / | grep -q '<title>wirespan chat</title>'
ask /nowhere | head -n 1 | grep -q '404'
upgrade 1 | grep -q 'guest has come'
ask /metrics >"$work/metrics"
grep -qx 'wirespan_opened_total 1' "$work/metrics"
grep -q '^wirespan_refused_total{limit="message_size"} 0$' "$work/metrics"
kill "$server"
wait "$server" || true

start "$app/ticker" 0 3
timeout 10 "$app/echo_client" --trace "ws://127.0.0.1:$port/" 2>"$work/trace" &
traced=$!
upgrade 10 | grep -Eq '(ABC|XYZ|QRS) [0-9]+\.[0-9]+'
wait "$server"
wait "$traced"
grep -Eq '^\+\+Rcv decoded: .*(ABC|XYZ|QRS) [0-9]' "$work/trace"
grep -Eqx 'published [0-9]+, delivered [1-9][0-9]*, replaced [0-9]+' "$work/server"

mkfifo "$work/lines"
exec 4<>"$work/lines"
start "$app/own_loop" 0 <"$work/lines"
upgrade 3 >"$work/heard" &
heard=$!
sleep 1
echo "a line for everybody" >&4
wait "$heard"
grep -q 'a line for everybody' "$work/heard"
kill "$server"
wait "$server" || true
server=
echo "all programs did what they say"
