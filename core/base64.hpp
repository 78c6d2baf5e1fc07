// base64.hpp - base64, as the opening handshake and Basic need it. RFC 4648 §4.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// Number of characters that base64_encode() makes of `size` bytes, padding included.
[[nodiscard]] constexpr std::size_t base64_size(std::size_t size) noexcept {
  return (size + 2) / 3 * 4;
}

/// Encodes `from`: writes base64_size(from.size()) characters to `to`, or returns them.
void base64_encode(Bytes from, char* to) noexcept;
[[nodiscard]] std::string base64_encode(Bytes from);

/// True if `text` is the one canonical encoding of exactly `size` bytes: full padding, no unused
/// bits set, no other characters.
[[nodiscard]] bool is_canonical_base64(std::string_view text, std::size_t size) noexcept;

/// Returns the bytes that `text` encodes; std::nullopt unless it is their canonical encoding.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace wirespan
