#!/usr/bin/env bash
# dead_network.sh PROGRAM: cuts the network in the middle of each phase of a connection, without a
# word to either side, and checks when each client is told: within the 10 s of connect_timeout until
# the connection is open, within 60 s afterwards. Takes a minute. Needs root, for a pair of network
# namespaces a case: their packets go to a wrong link address from the cut on.
set -euo pipefail
. "$(dirname "$0")/../../.ci/session.sh"

program=$1
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "needs root, for network namespaces"; exit 77; }
work=$(mktemp -d)
spaces=()
finish() {
  local space
  for space in "${spaces[@]}"; do ip netns del "$space" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

client_address=10.117.0.1 server_address=10.117.0.2 nobody=02:00:00:00:00:99

add_spaces() { # add_spaces CLIENT SERVER: two namespaces with a wire between them
  ip netns add "$1"
  ip netns add "$2"
  ip -n "$1" link add wire type veth peer name wire netns "$2"
  ip -n "$1" address add $client_address/24 dev wire
  ip -n "$2" address add $server_address/24 dev wire
  for space in "$1" "$2"; do
    ip -n "$space" link set lo up
    ip -n "$space" link set wire up
  done
}

cut_command() { # cut_command CLIENT SERVER
  echo "ip -n $1 neigh replace $server_address lladdr $nobody dev wire nud permanent &&" \
    "ip -n $2 neigh replace $client_address lladdr $nobody dev wire nud permanent"
}

monotonic() { python3 -c 'import time; print(time.monotonic())'; }

run_case() { # run_case CLIENT PHASE LIMIT: prints a line; fails if the client is told too late
  local client=$1 phase=$2 limit=$3 out=$work/$1_$2 a b scheme=ws server= told
  a=ws$$_$1_$2_a b=ws$$_$1_$2_b
  [ "$phase" = tls ] && scheme=wss
  : >"$out.server"
  if [ "$phase" = connecting ]; then
    bash -c "$(cut_command "$a" "$b")"
    echo "cut $(monotonic)" >"$out.server"
  else
    ip netns exec "$b" python3 "$here/dead_network_server.py" $server_address "$phase" \
      "$(cut_command "$a" "$b")" >"$out.server" &
    server=$!
    for _ in $(seq 200); do
      grep -q listening "$out.server" && break
      sleep 0.05
    done
  fi
  ip netns exec "$a" timeout 120 "$program" "$client" "$phase" "$scheme://$server_address:80/" \
    >"$out.client" || true
  told=$(monotonic)
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  awk -v told="$told" -v limit="$limit" -v name="$client, $phase" -v words="$(cat "$out.client")" '
    $1 == "cut" { late = told - $2; known = 1 }
    END {
      good = known && late >= 0 && late <= limit && words ~ /^told: /
      printf "%-4s %-22s %5.1f s  %s\n", good ? "ok" : "LATE", name, late, words
      exit !good
    }' "$out.server"
}

cases=()
for client in app blocking; do
  for phase in connecting:11 tls:11 handshake:11 idle:60 sending:60 receiving:60; do
    name=$client:${phase%:*}
    spaces+=("ws$$_${name/:/_}_a" "ws$$_${name/:/_}_b")
    add_spaces "${spaces[@]: -2}"
    run_case "$client" "${phase%:*}" "${phase#*:}" &
    cases+=($!)
  done
done
failed=0
for case in "${cases[@]}"; do wait "$case" || failed=1; done
exit $failed
