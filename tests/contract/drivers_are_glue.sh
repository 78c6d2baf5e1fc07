#!/usr/bin/env bash
# drivers_are_glue.sh SOURCE_DIR: checks that the drivers of a Session stay small. A rule about the
# life of a connection belongs into Session: in Channel or WebSocket::Impl it would be written
# twice.
set -euo pipefail
cd "$1"
limit=900
lines=$(cat net/channel.hpp net/channel_impl.hpp app/client/websocket_impl*.[ch]pp | wc -l)
if [ "$lines" -ge "$limit" ]; then
  echo "Channel and WebSocket::Impl have $lines lines, $limit are too many" >&2
  exit 1
fi
