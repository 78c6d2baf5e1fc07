#!/usr/bin/env bash
# no_include_circles.sh SOURCE_DIR: checks that no two files of app/ include each other, directly or
# through others. A header and the source of the same name count as one file.
set -euo pipefail

cd "$1"
edges=$(grep -rnoE '^#include <wirespan/app/[^>]+>' app --include='*.hpp' --include='*.cpp' |
  sed -E 's#^(app/[^:]+)\.[ch]pp:[0-9]+:\#include <wirespan/(app/[^>]+)\.hpp>$#\1 \2#' |
  awk '$1 != $2' | sort -u)
[ "$(wc -l <<<"$edges")" -gt 50 ] || { echo "too few includes found in app/"; exit 1; }

# If there is a cycle, tsort names its members on standard error and fails.
if ! circle=$(tsort <<<"$edges" 2>&1 >/dev/null); then
  echo "files of app/ include each other in a circle:"
  echo "${circle//tsort: /  }"
  exit 1
fi
echo "no circle among $(tr ' ' '\n' <<<"$edges" | sort -u | wc -l) files of app/"
