// frame_mutator.hpp - mutations of an input whose bytes are a stream of frames. RFC 6455 §5.2.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wirespan::fuzz {

/// An input that libFuzzer asks to be changed in place; `most`: bytes that there is room for.
struct MutableInput {
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  std::size_t most = 0;
};

/// Changes the input and returns its new size. Its layout is that of fuzz_input.hpp: `settings`
/// bytes, a tape, and the bytes that a peer sends. These are parsed as frames, which are inserted,
/// deleted, duplicated, swapped, split into fragments or changed in one field; a payload stays
/// masked with the key of its frame. One mutation in four is libFuzzer's own, of all bytes.
[[nodiscard]] std::size_t mutate_frames(MutableInput input, unsigned seed, std::size_t settings);

}  // namespace wirespan::fuzz
