# session.sh, to be sourced by a script before anything else: the script runs again as the leader of a
# session, and when it ends, in whichever way, its whole session ends with it. A process group is not
# enough, because timeout(1) makes one of its own. A script that is called by such a script belongs to
# the caller's session.
if [ -z "${WIRESPAN_SESSION:-}" ]; then
  export WIRESPAN_SESSION=1
  # A background job of this shell would ignore SIGINT, and all that it starts.
  setsid env --default-signal=INT,QUIT "$BASH" "$0" "$@" <&0 &
  session=$!

  members() {
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v session="$session" \
      '{ pid = $1; sub(/.*\) /, ""); if ($4 == session && $1 != "Z") print pid }'
  }

  end_session() {
    trap '' TERM INT HUP
    kill -TERM -- "-$session" 2>/dev/null || true # where there is no /proc: its process group
    local signal=TERM pids
    for turn in $(seq 60); do
      pids=$(members)
      [ -n "$pids" ] || return 0
      [ "$turn" -lt 50 ] || signal=KILL
      # shellcheck disable=SC2086
      [ "$turn" -ne 1 ] && [ "$turn" -lt 50 ] || kill "-$signal" $pids 2>/dev/null || true
      sleep 0.1
    done
  }

  trap end_session EXIT
  trap 'exit 143' TERM
  trap 'exit 130' INT
  trap 'exit 129' HUP
  code=0
  wait "$session" || code=$?
  exit "$code"
fi
