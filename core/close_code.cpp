// close_code.cpp - names of close codes for reports. RFC 6455 §7.4.
#include <wirespan/core/close_code.hpp>

namespace wirespan {

std::string_view name(CloseCode code) noexcept {
  switch (code) {
    case CloseCode::normal:
      return "normal closure";
    case CloseCode::going_away:
      return "going away";
    case CloseCode::protocol_error:
      return "protocol error";
    case CloseCode::unsupported_data:
      return "unsupported data";
    case CloseCode::no_status_received:
      return "no status received";
    case CloseCode::abnormal_closure:
      return "abnormal closure";
    case CloseCode::invalid_payload:
      return "invalid payload data";
    case CloseCode::policy_violation:
      return "policy violation";
    case CloseCode::message_too_big:
      return "message too big";
    case CloseCode::mandatory_extension:
      return "mandatory extension missing";
    case CloseCode::internal_error:
      return "internal error";
    case CloseCode::service_restart:
      return "service restart";
    case CloseCode::try_again_later:
      return "try again later";
    case CloseCode::bad_gateway:
      return "bad gateway";
    case CloseCode::tls_handshake:
      return "TLS handshake failed";
  }
  const auto value = static_cast<std::uint16_t>(code);
  if (value >= 3000 && value <= 3999) return "registered code";
  if (value >= 4000 && value <= 4999) return "private code";
  return "unassigned code";
}

}  // namespace wirespan
