// accept_key.hpp - Sec-WebSocket-Key and Sec-WebSocket-Accept. RFC 6455 §4.1 item 7, §4.2.2 item 5.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// The nonce of a client: 16 bytes in base64, always 24 characters.
using HandshakeKey = std::array<char, 24>;
/// The server's proof that it read the key: a SHA-1 in base64, always 28 characters.
using AcceptKey = std::array<char, 28>;

/// `random` must be fresh for each connection.
[[nodiscard]] HandshakeKey make_key(std::span<const std::byte, 16> random) noexcept;
/// Exactly 24 characters that are the canonical base64 of 16 bytes.
[[nodiscard]] bool is_valid_key(std::string_view key) noexcept;
/// What a server must answer to `key`. Requires is_valid_key(key).
[[nodiscard]] AcceptKey accept_for(std::string_view key) noexcept;
/// Compares in a time that does not depend on where the texts differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace wirespan
