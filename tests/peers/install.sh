#!/usr/bin/env bash
# install.sh: installs the WebSocket implementations and proxies that the tests of this folder talk
# to, if they are missing. Takes no time if none is.
set -euo pipefail
cd "$(dirname "$0")/../.."

./.ci/need python3-websockets python3-websocket openssl ca-certificates \
  squid tinyproxy dante-server microsocks nginx-light libnginx-mod-stream haproxy
command -v chromium >/dev/null || ./.ci/need chromium
# Keeps node and npm from elsewhere: Debian's npm does not install beside a foreign nodejs.
command -v node >/dev/null || ./.ci/need nodejs
command -v npm >/dev/null || ./.ci/need npm

wanted=$(node -p 'require("./tests/peers/package.json").dependencies.ws')
installed=./build/peers/node_modules/ws/package.json
present=$(node -p "require('$installed').version" 2>/dev/null || true)
if [ "$present" != "$wanted" ]; then
  echo "installing: npm's ws $wanted"
  mkdir -p build/peers
  npm install --prefix build/peers --no-save --no-package-lock --no-audit --no-fund \
    --loglevel=error "ws@$wanted" >/dev/null
fi
