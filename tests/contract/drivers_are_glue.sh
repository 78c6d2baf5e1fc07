#!/usr/bin/env bash
# drivers_are_glue.sh SOURCE_DIR: what drives a Session stays small. A rule about a connection's life
# that is written into Channel or WebSocket::Impl is written a second time.
set -euo pipefail
cd "$1"
limit=900
lines=$(cat net/channel.hpp net/channel_impl.hpp app/client/websocket_impl*.[ch]pp | wc -l)
if [ "$lines" -ge "$limit" ]; then
  echo "Channel and WebSocket::Impl have $lines lines, $limit are too many" >&2
  exit 1
fi
