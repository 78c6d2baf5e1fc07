#!/usr/bin/env bash
# autobahn.sh [BUILD_DIR]: the official Autobahn test suite on our programs, in both roles, as far as
# this machine has it: `wstest` on the PATH, or its Docker image. Nothing is downloaded. Ends with 0
# if neither is there, and says so; with 1 if a case does not pass.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=${1:-build/release}
out=$PWD/build/autobahn
image=${AUTOBAHN_IMAGE:-crossbario/autobahn-testsuite}
port=${AUTOBAHN_PORT:-9001}

if command -v wstest >/dev/null; then
  wstest() { command wstest "$@"; }
elif command -v docker >/dev/null && docker image inspect "$image" >/dev/null 2>&1; then
  wstest() { docker run --rm --network host -v "$out:$out" "$image" wstest "$@"; }
else
  echo "autobahn: skipped, there is neither wstest nor the Docker image $image"
  exit 0
fi

mkdir -p "$out"
children=()
trap '[ ${#children[@]} -eq 0 ] || kill "${children[@]}" 2>/dev/null || true' EXIT

fill_in() { # fill_in NAME URL
  sed -e "s|@OUTDIR@|$out|" -e "s|@URL@|$2|" -e "s|@PORT@|$port|" \
    "tests/conformance/autobahn/$1.json" >"$out/$1.json"
}

judge_server() {
  "$build/app/echo_server" --port 0 --compression --max-message-size 67108864 \
    >"$out/server.log" &
  children+=($!)
  until grep -q listening "$out/server.log"; do sleep 0.1; done
  fill_in fuzzingclient "$(sed -n 's/^listening on //p' "$out/server.log")"
  wstest -m fuzzingclient -s "$out/fuzzingclient.json"
}

judge_client() {
  fill_in fuzzingserver ""
  wstest -m fuzzingserver -s "$out/fuzzingserver.json" &
  children+=($!)
  until (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.2; done
  "$build/app/autobahn_client" "ws://127.0.0.1:$port" --agent wirespan --compression
}

judge_server
judge_client
for role in server client; do
  python3 tests/conformance/compare.py "tests/conformance/expected_$role.json" \
    "$out/${role}s/index.json" wirespan --cases '1.*,2.*,3.*,4.*,5.*,6.*,7.*,9.*,10.*,12.*,13.*'
done
echo "autobahn: both roles as expected"
