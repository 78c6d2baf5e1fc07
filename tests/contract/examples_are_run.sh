#!/usr/bin/env bash
# examples_are_run.sh SOURCE_DIR: every example is built and run by the tests.
set -euo pipefail
cd "$1"
missing=0
for file in app/examples/*.cpp; do
  name=$(basename "$file" .cpp)
  grep -qw "$name" app/CMakeLists.txt || { echo "$file is not built: app/CMakeLists.txt"; missing=1; }
  grep -q "/$name\"" tests/contract/run_programs.sh || { echo "$file is not run: run_programs.sh"; missing=1; }
done
exit $missing
