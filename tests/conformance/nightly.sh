#!/usr/bin/env bash
# nightly.sh [BUILD_DIR]: runs all cases, Autobahn's and our own, in both roles over ws, and
# compares with the golden results. Reports stay in BUILD_DIR/conformance. TIME_SCALE is a factor
# for all time limits, for slow builds; UPDATE=1 renews the golden results.
set -euo pipefail
. "$(dirname "$0")/../../.ci/session.sh"
cd "$(dirname "$0")/../.."

build=${1:-build/release}
scale=${TIME_SCALE:-1}
options=(--time-scale "$scale" --outdir)
update=()
[ -z "${UPDATE:-}" ] || update=(--update)

cmake --build "$build" --target echo_server autobahn_client wsconform
python3 tests/conformance/judge.py server "$build/app/wsconform" \
  "$build/app/echo_server" --jobs 2 "${options[@]}" "$build/conformance/servers" "${update[@]}" \
  -- --compression --max-message-size 67108864
python3 tests/conformance/judge.py client "$build/app/wsconform" \
  "$build/app/autobahn_client" "${options[@]}" "$build/conformance/clients" "${update[@]}" \
  -- --compression
echo "conformance: all cases as expected in both roles"
