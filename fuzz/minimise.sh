#!/usr/bin/env bash
# Merges the finds of fuzz/run.sh (build/fuzz-finds) into the committed corpus: only a few small
# inputs that reach code which no other input reaches. No committed input is removed: inputs that
# once crashed stay, also when they add no coverage.
#
#   fuzz/minimise.sh [TARGET...]
set -euo pipefail

cd "$(dirname "$0")/.."
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for source in fuzz/*_fuzz.cpp; do targets+=("$(basename "$source" _fuzz.cpp)"); done
fi

for target in "${targets[@]}"; do
  corpus=fuzz/corpus/$target
  finds=build/fuzz-finds/$target
  if [ ! -d "$finds" ] || [ ! -x "build/fuzz/fuzz/${target}_fuzz" ]; then continue; fi
  before=$(find "$corpus" -type f | wc -l)
  # Short inputs only: make_seeds.py makes the long ones. Without counters: an input is kept for a
  # new path, not for taking a known path more often, which would add hundreds of files.
  merge=(-set_cover_merge=1 -use_counters=0 -max_len=1024)
  if ! "build/fuzz/fuzz/${target}_fuzz" "${merge[@]}" "$corpus" "$finds" \
      >"$finds.merge.log" 2>&1; then
    echo "$target: the merge failed, see $finds.merge.log" >&2
    exit 1
  fi
  # Names are the first 16 digits of the hash.
  for file in "$corpus"/*; do
    name=$(basename "$file")
    [ ${#name} -eq 16 ] || mv "$file" "$corpus/$(sha1sum "$file" | cut -c 1-16)"
  done
  echo "$target: $before -> $(find "$corpus" -type f | wc -l) inputs"
done
du -sh --apparent-size fuzz/corpus
