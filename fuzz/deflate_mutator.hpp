// deflate_mutator.hpp - mutations of an input whose bytes are DEFLATE blocks. RFC 1951, RFC 7692.
#pragma once

#include "frame_mutator.hpp"

namespace wirespan::fuzz {

/// Changes the input and returns its new size. Its layout is that of fuzz_input.hpp: `settings`
/// bytes, a tape, and compressed data. The data are taken apart into blocks, which are inserted,
/// deleted, duplicated, swapped, cut, or changed in BFINAL, BTYPE or the lengths of a stored block.
/// A stored block stays aligned wherever it comes to lie. One mutation in four is libFuzzer's own.
[[nodiscard]] std::size_t mutate_deflate(MutableInput input, unsigned seed, std::size_t settings);

}  // namespace wirespan::fuzz
