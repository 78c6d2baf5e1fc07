#!/usr/bin/env bash
# autobahn.sh [BUILD_DIR]: runs the official Autobahn test suite against our programs, in both
# roles, if this machine has it: `wstest` on the PATH, or its Docker image. Downloads nothing. Exits
# with 0 and a message if neither is there, with 1 if a case does not pass.
set -euo pipefail
. "$(dirname "$0")/../../.ci/session.sh"
cd "$(dirname "$0")/../.."

build=${1:-build/release}
out=${WIRESPAN_AUTOBAHN_OUT:-$PWD/build/autobahn}
image=${AUTOBAHN_IMAGE:-crossbario/autobahn-testsuite}
port=${AUTOBAHN_PORT:-9001}

if command -v wstest >/dev/null; then
  wstest=(wstest)
elif command -v docker >/dev/null && docker image inspect "$image" >/dev/null 2>&1; then
  wstest=(docker run --rm --network host -v "$out:$out" "$image" wstest)
else
  echo "autobahn: skipped, there is neither wstest nor the Docker image $image"
  exit 0
fi

mkdir -p "$out"

fill_in() { # fill_in NAME URL
  sed -e "s|@OUTDIR@|$out|" -e "s|@URL@|$2|" -e "s|@PORT@|$port|" \
    "tests/conformance/autobahn/$1.json" >"$out/$1.json"
}

judge_server() {
  : >"$out/server.log"
  "$build/app/echo_server" --port 0 --compression --max-message-size 67108864 \
    >"$out/server.log" &
  until grep -q listening "$out/server.log"; do sleep 0.1; done
  fill_in fuzzingclient "$(sed -n 's/^listening on //p' "$out/server.log")"
  "${wstest[@]}" -m fuzzingclient -s "$out/fuzzingclient.json"
}

judge_client() {
  fill_in fuzzingserver ""
  # -u 0: no web server on a second port.
  "${wstest[@]}" -m fuzzingserver -u 0 -s "$out/fuzzingserver.json" &
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
