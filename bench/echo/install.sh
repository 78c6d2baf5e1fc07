#!/usr/bin/env bash
# install.sh: puts the npm packages of package.json into build/bench-peers, if they are not there.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Programs from elsewhere are kept: Debian's npm does not install beside a foreign nodejs.
command -v node >/dev/null || ./.ci/need nodejs
command -v npm >/dev/null || ./.ci/need npm

peers=build/bench-peers
if ! cmp -s bench/echo/package.json "$peers/package.json"; then
  mkdir -p "$peers"
  cp bench/echo/package.json "$peers/package.json.new"
  npm install --prefix "$peers" --no-save --no-package-lock --no-audit --no-fund --loglevel=error \
    $(node -p 'Object.entries(require("./bench/echo/package.json").dependencies)
      .map(([name, version]) => name + "@" + version).join(" ")')
  mv "$peers/package.json.new" "$peers/package.json"
fi
