#!/usr/bin/env bash
# Builds the fuzz targets and runs each for some seconds, starting from the committed corpus.
#
#   fuzz/run.sh [SECONDS [TARGET...]]     default: 10 seconds each, all targets
#
# Inputs that reach new code go to build/fuzz-finds/TARGET (fuzz/minimise.sh merges them into the
# corpus), inputs that crash to build/fuzz-crashes. Exit status 1 if there was a crash. JOBS:
# compilers at a time.
set -euo pipefail

seconds=${1:-10}
shift $(($# > 0 ? 1 : 0))
cd "$(dirname "$0")/.."

mkdir -p build
# An independent implementation, for one target.
.ci/need libdeflate-dev
.ci/need libwslay-dev || echo "without libwslay-dev the target wslay is not built" >&2
cmake --preset fuzz >build/fuzz-configure.log 2>&1 || { cat build/fuzz-configure.log; exit 2; }
cmake --build --preset fuzz --target wirespan_fuzzers --parallel "${JOBS:-$(nproc)}"

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for source in fuzz/*_fuzz.cpp; do
    name=$(basename "$source" _fuzz.cpp)
    [ ! -x "build/fuzz/fuzz/${name}_fuzz" ] || targets+=("$name")
  done
fi

# The address sanitizer's quarantine of freed memory, which catches use after free: less than by
# default.
export ASAN_OPTIONS="quarantine_size_mb=64:${ASAN_OPTIONS:-}"
crashes=build/fuzz-crashes
mkdir -p "$crashes"
failed=0

run_target() { # run_target TARGET: fuzzes it and prints a line; its exit status is the verdict
  local target=$1 finds=build/fuzz-finds/$1 log=build/fuzz-finds/$1.log dictionary
  mkdir -p "$finds"
  # A length in the input must not cause an allocation of that size: one above 64 MiB is a defect.
  local limits=(-max_len=4096 -timeout=5 -rss_limit_mb=1024 -malloc_limit_mb=64)
  dictionary=$(fuzz/dictionary.sh "$target")
  [ -z "$dictionary" ] || limits+=("-dict=$dictionary")
  if "build/fuzz/fuzz/${target}_fuzz" -max_total_time="$seconds" "${limits[@]}" \
      -print_final_stats=1 -artifact_prefix="$crashes/$target-" \
      "$finds" "fuzz/corpus/$target" >"$log" 2>&1; then
    local rate coverage
    rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    coverage=$(sed -n 's/.*DONE *\(cov: [0-9]* ft: [0-9]*\).*/\1/p' "$log")
    printf '%-18s %8s runs/s   %s   %s finds\n' \
      "$target" "$rate" "$coverage" "$(find "$finds" -type f | wc -l)"
  else
    printf '%-18s FAILED\n' "$target"
    grep -E 'Does not hold|ERROR|SUMMARY|Assertion|runtime error' "$log" || tail -n 20 "$log"
    printf '  input:  %s\n' "$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)"
    printf '  report: %s\n' "$log"
    return 1
  fi
}

# A target for each processor at a time.
running=0
for target in "${targets[@]}"; do
  if [ "$running" -ge "$(nproc)" ]; then
    wait -n || failed=1
    running=$((running - 1))
  fi
  run_target "$target" &
  running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
  wait -n || failed=1
  running=$((running - 1))
done
exit $failed
