#!/usr/bin/env bash
# nightly.sh [-m MINUTES] [STEP...]: runs the checks that take longer than CI, or only the named
# steps. MINUTES, 10 by default, is the time of each step without an end of its own: each fuzz
# target, closing many runs, repeating the tests that depend on time. Every step prints a line with
# its time and leaves its output in build/nightly. After a failed step the others still run, but the
# script exits with 1.
#
# To add a step, write a function and add its name to `all`.
set -uo pipefail
. "$(dirname "$0")/../.ci/session.sh"
cd "$(dirname "$0")/.." || exit 2

minutes=10
while getopts m: option; do
  case $option in
    m) minutes=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[[ $minutes =~ ^[1-9][0-9]*$ ]] || { echo "minutes: a number above 0" >&2; exit 2; }

# By name only, for a sanitizer or a compiler that is new: asan, tsan, asan_clang and tsan_clang run every
# test. Of these, CI runs most with g++, and asan_rest and tsan_rest run the others.
all=(bare_root packages each_alone fuzz worlds failure_points asan_rest tsan_rest load load_tsan soak close_many
  flaky dead_network model coverage)
steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=("${all[@]}")

export CMAKE_COLOR_DIAGNOSTICS=OFF
jobs=$(nproc)
logs=build/nightly

# The README's two commands on a bare Debian; needs root.
bare_root() { tests/bare_root.sh; }

# Each way to get the library, on a bare Debian, too.
packages() { tests/bare_root.sh tests/packaging/ways.sh; }

fuzz() { fuzz/run.sh $((minutes * 60)); }

# Each source of a test by itself, for clang's warnings: nothing is taken from another file of its batch,
# and no name shadows another. CI does so with the library and its programs.
each_alone() {
  cmake --preset clang -B build/each_alone -DWIRESPAN_BENCH=OFF -DWIRESPAN_FUZZ=OFF >/dev/null &&
    tests/each_alone.py build/each_alone
}

# With libdeflate, as in CI's sanitized builds; the release build has zlib alone.
sanitized() { # sanitized PRESET COMPILER JOBS
  local build=build/$1_$2
  cmake --preset "$1" -B "$build" -DWIRESPAN_BENCH=OFF -DWIRESPAN_LIBDEFLATE=ON \
    -DCMAKE_CXX_COMPILER="$2" >/dev/null &&
    cmake --build "$build" &&
    ctest --test-dir "$build" --output-on-failure -j "$3" --timeout 600
}

# Most tests wait, so one more than there are processors; with TSan, deadlines would pass.
asan() { sanitized asan g++ $((jobs + 1)); }
tsan() { sanitized tsan g++ "$jobs"; }
asan_clang() { sanitized asan clang++ $((jobs + 1)); }
tsan_clang() { sanitized tsan clang++ "$jobs"; }

# In CI's build folders, so that a run behind CI has less to compile.
asan_rest() { .ci/run --inner asan_rest; }
tsan_rest() { .ci/run --inner tsan_rest; }

release_tests() { # release_tests TARGET...
  cmake --preset release >/dev/null && cmake --build --preset release --target "$@"
}

# Simulated worlds that no run has seen before, for MINUTES.
worlds() {
  local first=$(($(date +%s) * 1000)) end=$((SECONDS + minutes * 60))
  release_tests simulation_worlds || return 1
  while [ $SECONDS -lt $end ]; do
    build/release/tests/simulation_worlds "$first" 10000 || return 1
    first=$((first + 10000))
  done
}

# Each allocation of OpenSSL in a simulated life fails once; CI tries a sample.
failure_points() {
  release_tests simulation_tests &&
    WIRESPAN_ALL_POINTS=1 build/release/tests/simulation_tests --gtest_filter='*OpenSslFailures*'
}

again_and_again() { # again_and_again FILTER...: the tests of app and net, for MINUTES, in any order
  local filter end=$((SECONDS + minutes * 60)) rounds=0 program
  filter=$(IFS=:; echo "$*")
  while [ $SECONDS -lt $end ]; do
    for program in app_tests net_tests; do
      timeout 1800 "build/release/tests/$program" --gtest_filter="$filter" --gtest_shuffle \
        --gtest_brief=1 ||
        { echo "failed in round $((rounds + 1)) of $program"; return 1; }
    done
    rounds=$((rounds + 1))
  done
  echo "$rounds rounds"
}

load_programs() { # load_programs PRESET PROGRAM...
  local preset=$1
  shift
  cmake --preset "$preset" -DWIRESPAN_BENCH=OFF -DWIRESPAN_FUZZ=OFF >/dev/null &&
    cmake --build --preset "$preset" --target "$@"
}

# The server under the load it is made for, with good and hostile clients. Needs an idle machine.
load() {
  local folder=build/release/tests kind loops verdict=0
  load_programs release load_echo_many load_unfriendly load_idle_memory load_stress || return 1
  for loops in 1 2; do timeout 600 $folder/load_echo_many 10000 100 $loops || verdict=1; done
  for kind in never_read slow_handshakes pings empty_fragments; do
    timeout 600 $folder/load_unfriendly $kind 1000 10 strict || verdict=1
  done
  timeout 600 $folder/load_idle_memory 10000 plain strict || verdict=1
  timeout 600 $folder/load_idle_memory 10000 tls strict || verdict=1
  timeout 600 $folder/load_stress 60 || verdict=1
  return $verdict
}

load_tsan() { load_programs tsan load_stress && timeout 900 build/tsan/tests/load_stress 60; }

soak() { tests/soak.sh $((minutes * 3)); }

close_many() { release_tests app_tests net_tests && again_and_again '*AppCloseMany*'; }

# Tests that wait, race or have a deadline: a failure in one of a hundred rounds is a defect.
flaky() {
  release_tests app_tests net_tests && again_and_again '*AppClose.*' '*AppSend*' '*AppReconnect*' \
    '*AppHeartbeat*' '*AppBackpressure*' '*WebSocketTimeouts*' '*WebSocketThreads*' '*Server*' \
    '*Parity*' '*Channel*' '*EventLoop*' '*Connector*' '*Lookup*'
}

# A network that drops every packet; needs root.
dead_network() {
  release_tests dead_network && tests/contract/dead_network.sh build/release/tests/dead_network
}

# The closing handshake with more messages than CI takes, and other random walks.
model() {
  release_tests model_replay_test &&
    MESSAGES=4 tests/model/check.sh build/release/tests/model_replay_test
}

coverage() { tests/coverage.sh; }

run_step() { # run_step NAME: output to a file; a line with time and verdict to the terminal
  local start=$SECONDS log=$logs/$1.log verdict=passed
  ("$1") >"$log" 2>&1 || verdict="FAILED, see $log"
  printf '%-12s %5d s  %s\n' "$1" $((SECONDS - start)) "$verdict"
  [ "$verdict" = passed ]
}

for step in "${steps[@]}"; do
  declare -F "$step" >/dev/null || { echo "no such step: $step; there are: ${all[*]}" >&2; exit 2; }
done
mkdir -p "$logs"
./.ci/need g++ clang lld libclang-rt-14-dev cmake ninja-build ccache libssl-dev zlib1g-dev libpsl-dev libcli11-dev \
  libgtest-dev libgmock-dev libbenchmark-dev libdeflate-dev openssl binutils git python3 gcovr spin || exit 2
tests/peers/install.sh >"$logs/peers.log" 2>&1 || { cat "$logs/peers.log"; exit 2; }

failed=0
for step in "${steps[@]}"; do run_step "$step" || failed=1; done
echo "nightly: $SECONDS s"
exit $failed
