// accept_key.hpp - Sec-WebSocket-Key and Sec-WebSocket-Accept. RFC 6455 §4.1 item 7, §4.2.2 item 5.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// Sec-WebSocket-Key, the nonce of a client: 16 bytes in base64, always 24 characters.
using HandshakeKey = std::array<char, 24>;
/// Sec-WebSocket-Accept, the server's proof that it read the key: a SHA-1 digest in base64, always
/// 28 characters.
using AcceptKey = std::array<char, 28>;

/// Returns the base64 of `random`, which must be fresh for each connection.
[[nodiscard]] HandshakeKey make_key(std::span<const std::byte, 16> random) noexcept;
/// True if `key` is exactly 24 characters, the canonical base64 of 16 bytes.
[[nodiscard]] bool is_valid_key(std::string_view key) noexcept;
/// Returns the Sec-WebSocket-Accept that answers `key`. Requires is_valid_key(key).
[[nodiscard]] AcceptKey accept_for(std::string_view key) noexcept;
/// Constant-time comparison: its duration does not depend on where texts of one length differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace wirespan
