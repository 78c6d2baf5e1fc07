#!/usr/bin/env bash
# dictionary.sh TARGET: prints the path of the target's dictionary, relative to the project; nothing
# if it has none.
set -euo pipefail

case $1 in
  permessage_deflate | deflate_engines) echo fuzz/deflate.dict ;;
  *handshake* | client_address | cookie | extensions | http_head | proxy | redirect | request_parts | url) echo fuzz/http.dict ;;
esac
