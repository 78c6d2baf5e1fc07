#!/usr/bin/env bash
# leaves_no_child.sh APP_DIR SNIPPET_DIR MILLION_MESSAGES: checks that a script which starts servers
# leaves no process running, whether it ends by success, failure, SIGTERM or SIGINT. Processes are
# found by a mark in their environment.
set -euo pipefail

app=$1 snippets=$2 million=$3
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
mark=WIRESPAN_MARK_$$
trap 'rm -rf "$work"' EXIT
unset WIRESPAN_SESSION # inherited from a caller

marked() { # marked [NAME]: prints the marked processes whose command line contains NAME
  local environment process
  for environment in $(grep -lsxz "$mark=1" /proc/[0-9]*/environ); do
    process=${environment%/environ}
    if { tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null | grep -q -- "${1:-.}"; then
      echo "${process#/proc/}"
    fi
  done
}

none_left() { # none_left WHEN
  local left
  for _ in $(seq 100); do
    left=$(marked)
    [ -n "$left" ] || return 0
    sleep 0.1
  done
  echo "$1: processes are left:"
  for process in $left; do
    tr '\0' ' ' <"/proc/$process/cmdline"
    echo
  done
  xargs kill -KILL <<<"$left"
  exit 1
}

interrupted() { # interrupted SIGNAL CHILD SCRIPT ARGUMENTS...: sends the signal once CHILD runs
  local signal=$1 child=$2 script started=
  shift 2
  env --default-signal=INT "$mark=1" "$@" >"$work/out" 2>&1 <>/dev/null &
  script=$!
  for _ in $(seq 200); do
    started=$(marked "$child")
    [ -z "$started" ] || break
    sleep 0.05
  done
  if [ -z "$started" ]; then
    echo "$1 did not start $child:"
    cat "$work/out"
    exit 1
  fi
  kill "-$signal" "$script"
  wait "$script" && { echo "$1 ends with 0 at SIG$signal"; exit 1; }
  none_left "$1 after SIG$signal"
}

# A client that hangs, instead of the first example.
mkdir -p "$work/app" "$work/bin"
ln -s "$app/echo_server" "$work/app/echo_server"
printf '#!/bin/sh\nexec sleep 1001\n' >"$work/app/short_connection"

# A substitute for Autobahn's program: its server listens until it is ended, its client hangs or
# passes.
cat >"$work/bin/wstest" <<'PYTHON'
#!/usr/bin/env python3
import json, os, socket, subprocess, sys, time
if "fuzzingserver" in sys.argv:
    assert "-u 0" in " ".join(sys.argv), "it opens port 8080"
    with open(sys.argv[-1]) as file:
        port = int(json.load(file)["url"].rpartition(":")[2])
    listener = socket.create_server(("127.0.0.1", port))
    subprocess.run(["sleep", "1002"])
time.sleep(float(os.environ["CLIENT_SECONDS"]))
PYTHON
chmod +x "$work/app/short_connection" "$work/bin/wstest"
export PATH=$work/bin:$PATH WIRESPAN_AUTOBAHN_OUT=$work/autobahn
AUTOBAHN_PORT=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
export AUTOBAHN_PORT

# judge_nothing STATUS: the client exits with STATUS as soon as the port of the server is open, and
# leaves no report to compare.
judge_nothing() {
  printf '#!/bin/sh\nexit %s\n' "$1" >"$work/app/autobahn_client"
  chmod +x "$work/app/autobahn_client"
  env "$mark=1" CLIENT_SECONDS=0 "$root/tests/conformance/autobahn.sh" "$work" >"$work/out" 2>&1 &&
    { echo "autobahn.sh passes without a result"; exit 1; }
  none_left "autobahn.sh, client ended with $1"
}

for signal in TERM INT; do
  interrupted $signal "million_messages ws" \
    "$root/tests/contract/million_messages.sh" "$million" "$app/echo_server" 1000000000
  interrupted $signal "sleep 1001" "$root/tests/contract/run_programs.sh" "$work/app" "$snippets" 0
  CLIENT_SECONDS=1003 interrupted $signal fuzzingclient "$root/tests/conformance/autobahn.sh" "$work"
  printf '#!/bin/sh\nexec sleep 1004\n' >"$work/app/autobahn_client"
  chmod +x "$work/app/autobahn_client"
  CLIENT_SECONDS=0 interrupted $signal "sleep 1004" "$root/tests/conformance/autobahn.sh" "$work"
done
judge_nothing 0
grep -q index.json "$work/out" # the comparison ran, so the client has started and ended
judge_nothing 1

# The other scripts need programs that are not built here: only their use of session.sh is checked.
cd "$root"
for script in app/demo.sh bench/run.sh tests/conformance/*.sh .ci/run tests/model/check.sh tests/nightly.sh; do
  grep -q '/session\.sh"$' "$script" || { echo "$script is not the leader of a session"; exit 1; }
done
echo "no script leaves a child"
