// mask_keys.hpp - a mask source with predictable keys, for clients. RFC 6455 §5.3.
#pragma once

#include <cstdint>

#include <wirespan/core/mask.hpp>

namespace wirespan::fuzz {

/// A mask source with predictable keys; with `may_fail` every eighth call fails.
struct MaskKeys {
  bool may_fail = false;
  std::uint8_t count = 0;

  static bool next(void* context, MaskKey& key) noexcept {
    auto& keys = *static_cast<MaskKeys*>(context);
    ++keys.count;
    key = {std::byte{keys.count}, std::byte{0x5A}, std::byte{0}, std::byte{0xFF}};
    return !keys.may_fail || keys.count % 8 != 0;
  }
};

}  // namespace wirespan::fuzz
