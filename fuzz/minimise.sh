#!/usr/bin/env bash
# Merges what fuzz/run.sh has found into the committed corpus: of the finds in build/fuzz-finds only
# few small ones that reach code which nothing else reaches. Nothing that is there is removed: inputs
# that once crashed stay, also when they reach nothing of their own.
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
  [ -d "$finds" ] || continue
  before=$(find "$corpus" -type f | wc -l)
  # Short inputs only: the long ones are made by make_seeds.py. Without counters: another path
  # counts, the same path more often does not, or the corpus would grow by hundreds of files.
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
