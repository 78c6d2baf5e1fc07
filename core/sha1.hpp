// sha1.hpp - SHA-1, for Sec-WebSocket-Accept only. FIPS 180-4 §6.1, RFC 6455 §4.2.2.
#pragma once

#include <array>
#include <cstddef>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// The 160 bits of a digest, most significant byte first.
using Sha1Digest = std::array<std::byte, 20>;

/// Returns the SHA-1 digest of `message`. The opening handshake only shows with it that the server
/// speaks WebSocket; it does not rely on SHA-1 for security (RFC 6455 §10.8).
[[nodiscard]] Sha1Digest sha1(Bytes message) noexcept;

}  // namespace wirespan
