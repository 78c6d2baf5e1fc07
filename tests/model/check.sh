#!/usr/bin/env bash
# check.sh [--write] [REPLAY]: lets spin search every interleaving of closing.pml, regenerates
# traces.txt and compares it, and walks through the model at random. REPLAY, the program
# model_replay_test, takes the steps of these walks on real connections. --write: writes traces.txt.
# SEED: of the first walk, a random one by default. MESSAGES: of each end in the search, 2 by default.
set -euo pipefail
. "$(dirname "$0")/../../.ci/session.sh"

write=
if [ "${1:-}" = --write ]; then
  write=1
  shift
fi
replay=${1:+$(realpath "$1")}
cd "$(dirname "$0")"
committed=400 fresh=400
first=${SEED:-$((RANDOM * 1000 + 1000))}
model=closing.pml
traces=$PWD/traces.txt
../../.ci/need spin gcc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$model" "$work" # spin leaves and looks for its files beside it
cd "$work"

build() { # build GCC_OPTION MACRO...: makes pan, the program that searches
  local option=$1
  shift
  macros=("$@")
  spin -a "$@" "$model" >spin.log 2>&1 || { cat spin.log; exit 1; }
  gcc -O2 -DCOLLAPSE -DMEMLIM=1024 "$option" -o pan pan.c
}

search() { # search NAME PAN_OPTION...: fails unless pan has searched all and found nothing
  local name=$1
  shift
  timeout 50 ./pan -m1000000 "$@" >pan.log 2>&1 || true
  if ! grep -q 'errors: 0$' pan.log || grep -q -e 'not completed' -e 'too small' pan.log; then
    echo "$name: not so, or not searched to the end"
    cat pan.log
    [ ! -e closing.pml.trail ] || spin -T -t "${macros[@]}" "$model" | grep -e "^@" -e "^spin:"
    exit 1
  fi
  awk -v name="$name" '/states, stored/ { states = $1 } /elapsed time/ { time = $4 }
    END { print name ": " states " states, " time " s" }' pan.log
}

walks() { # walks FIRST COUNT: a line for each random walk with these seeds, without repetitions
  local seed
  gcc -E -P -x c -DTRACE "$model" >walk.pml # once, and not by spin for each walk
  for seed in $(seq "$1" $(($1 + $2 - 1))); do
    spin -Pcat -T "-n$seed" -u5000 walk.pml
    echo end of walk
  done | awk '/^@/ { walk = walk sep substr($0, 2); sep = " " }
    /^end of walk$/ { if (!seen[walk]++) print walk; walk = sep = "" }'
}

build -DSAFETY "-DMESSAGES=${MESSAGES:-2}"
search "each run ends with legal codes"
build -DNFAIR=3 -DENDLESS -DMESSAGES=1
for end in client server; do
  search "a closing $end ends, whatever its peer sends" -a -f -N "${end}_ends"
done

version=$(spin -V | awk '{ print $3 }')
header="# Steps and reported codes of closing.pml. See README.md. spin $version, seeds 1 to $committed."
if [ -n "$write" ]; then
  { echo "$header"; walks 1 $committed; } >"$traces"
elif grep -qF "spin $version," "$traces"; then
  { echo "$header"; walks 1 $committed; } >traces.txt
  cmp traces.txt "$traces" || { echo "traces.txt is out of date: tests/model/check.sh --write"; exit 1; }
fi

if [ -n "$replay" ]; then
  walks "$first" $fresh >fresh.txt
  WIRESPAN_TRACES=$work/fresh.txt "$replay" --gtest_brief=1 --gtest_filter='*ModelReplay*' ||
    { echo "the first seed was $first"; exit 1; }
  echo "$(wc -l <fresh.txt) walks from seed $first replayed"
fi
