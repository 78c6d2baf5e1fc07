// mask.hpp - the masking of client frames. RFC 6455 §5.3.
#pragma once

#include <array>
#include <cstddef>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// Octet i of a payload is combined with octet i mod 4 of the key.
using MaskKey = std::array<std::byte, 4>;

/// Where the mask keys of a client come from. Keys must be unpredictable and fresh for each frame.
struct MaskSource {
  /// Fills `key` and returns true, or returns false: then the frame is not sent
  /// (Errc::no_mask_key).
  bool (*next)(void* context, MaskKey& key) noexcept = nullptr;
  void* context = nullptr;
};

/// Masks or unmasks in place. `phase` is the position of the first byte in its frame's payload.
void apply_mask(MutableBytes data, MaskKey key, std::size_t phase = 0) noexcept;

/// Masks or unmasks while copying, in one pass. Requires to.size() == from.size(), no overlap.
void copy_masked(MutableBytes to, Bytes from, MaskKey key, std::size_t phase = 0) noexcept;

/// The plain twins: the definition of §5.3, byte by byte. Tests compare the fast ones with them.
void apply_mask_reference(MutableBytes data, MaskKey key, std::size_t phase = 0) noexcept;
void copy_masked_reference(MutableBytes to, Bytes from, MaskKey key,
                           std::size_t phase = 0) noexcept;

}  // namespace wirespan
