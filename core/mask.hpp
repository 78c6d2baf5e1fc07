// mask.hpp - masks and unmasks the payload of client frames. RFC 6455 §5.3.
#pragma once

#include <array>
#include <cstddef>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// Mask key of one frame ("masking key" in §5.3): octet i of the payload is XORed with octet i mod
/// 4 of the key.
using MaskKey = std::array<std::byte, 4>;

/// Source of a client's mask keys. Keys must be unpredictable and fresh for each frame.
struct MaskSource {
  /// Fills `key` and returns true, or returns false if the random source failed: then the frame is
  /// not sent (Errc::no_mask_key). Null: no frame of a client can be sent.
  bool (*next)(void* context, MaskKey& key) noexcept = nullptr;
  void* context = nullptr;  ///< Passed to next() as it is.
};

/// Masks or unmasks in place. `phase`: position of the first byte in the payload of its frame.
void apply_mask(MutableBytes data, MaskKey key, std::size_t phase = 0) noexcept;

/// Masks or unmasks while copying, in one pass. Requires to.size() == from.size() and no overlap.
void copy_masked(MutableBytes to, Bytes from, MaskKey key, std::size_t phase = 0) noexcept;

/// Reference implementations: the definition of §5.3, byte by byte. Tests compare apply_mask() and
/// copy_masked() with them.
void apply_mask_reference(MutableBytes data, MaskKey key, std::size_t phase = 0) noexcept;
void copy_masked_reference(MutableBytes to, Bytes from, MaskKey key,
                           std::size_t phase = 0) noexcept;

}  // namespace wirespan
