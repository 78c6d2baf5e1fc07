// close_code.hpp - status codes of the closing handshake. RFC 6455 §7.4 and the IANA registry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// Why a connection ended: the status code of a Close frame. Other values from 3000 to 4999 are
/// legal too (§7.4.2).
enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  no_status_received = 1005,  ///< The Close frame had no code. Never on the wire.
  abnormal_closure = 1006,    ///< There was no Close frame. Never on the wire.
  invalid_payload = 1007,
  policy_violation = 1008,
  message_too_big = 1009,
  mandatory_extension = 1010,
  internal_error = 1011,
  service_restart = 1012,
  try_again_later = 1013,
  bad_gateway = 1014,
  tls_handshake = 1015,  ///< The TLS handshake failed. Never on the wire.
};

/// Size of the code in front of the reason, in bytes. §5.5.1.
inline constexpr std::size_t close_code_size = 2;

/// True if `code` may stand in a Close frame: 1000 to 1003, 1007 to 1014, 3000 to 4999. The rule is
/// the same for frames that are sent and for frames that are received.
[[nodiscard]] constexpr bool may_be_on_the_wire(CloseCode code) noexcept {
  const auto value = static_cast<std::uint16_t>(code);
  if (value >= 3000 && value <= 4999) return true;
  return value >= 1000 && value <= 1014 && value != 1004 && value != 1005 && value != 1006;
}

/// Returns a few words for a report, such as "going away". Never empty.
[[nodiscard]] std::string_view name(CloseCode code) noexcept;

}  // namespace wirespan
