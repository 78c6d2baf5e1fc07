#!/usr/bin/env bash
# Installs the WebSocket implementations that the tests of this folder talk to, as far as they are
# missing. Quick when nothing is.
set -euo pipefail
cd "$(dirname "$0")/../.."

./.ci/need python3-websockets python3-websocket openssl
command -v chromium >/dev/null || ./.ci/need chromium
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  ./.ci/need nodejs npm
fi

wanted=$(node -p 'require("./tests/peers/package.json").dependencies.ws')
installed=./build/peers/node_modules/ws/package.json
present=$(node -p "require('$installed').version" 2>/dev/null || true)
if [ "$present" != "$wanted" ]; then
  echo "installing: npm's ws $wanted"
  mkdir -p build/peers
  npm install --prefix build/peers --no-save --no-package-lock --no-audit --no-fund \
    --loglevel=error "ws@$wanted" >/dev/null
fi
