// sha1.hpp - SHA-1, for Sec-WebSocket-Accept only. FIPS 180-4 §6.1, RFC 6455 §4.2.2.
#pragma once

#include <array>
#include <cstddef>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

using Sha1Digest = std::array<std::byte, 20>;

/// RFC 6455 asks for SHA-1 as a checksum against confused servers, not as a protection.
[[nodiscard]] Sha1Digest sha1(Bytes message) noexcept;

}  // namespace wirespan
