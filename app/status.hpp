// status.hpp - Python's names for the close codes. RFC 6455 §7.4.1.
#pragma once

#include <wirespan/core/close_code.hpp>

namespace wirespan {

/// The close codes by their Python names, of type CloseCode.
inline constexpr CloseCode STATUS_NORMAL = CloseCode::normal;
inline constexpr CloseCode STATUS_GOING_AWAY = CloseCode::going_away;
inline constexpr CloseCode STATUS_PROTOCOL_ERROR = CloseCode::protocol_error;
inline constexpr CloseCode STATUS_UNSUPPORTED_DATA_TYPE = CloseCode::unsupported_data;
inline constexpr CloseCode STATUS_STATUS_NOT_AVAILABLE = CloseCode::no_status_received;
inline constexpr CloseCode STATUS_ABNORMAL_CLOSED = CloseCode::abnormal_closure;
inline constexpr CloseCode STATUS_INVALID_PAYLOAD = CloseCode::invalid_payload;
inline constexpr CloseCode STATUS_POLICY_VIOLATION = CloseCode::policy_violation;
inline constexpr CloseCode STATUS_MESSAGE_TOO_BIG = CloseCode::message_too_big;
inline constexpr CloseCode STATUS_INVALID_EXTENSION = CloseCode::mandatory_extension;
inline constexpr CloseCode STATUS_UNEXPECTED_CONDITION = CloseCode::internal_error;
inline constexpr CloseCode STATUS_SERVICE_RESTART = CloseCode::service_restart;
inline constexpr CloseCode STATUS_TRY_AGAIN_LATER = CloseCode::try_again_later;
inline constexpr CloseCode STATUS_BAD_GATEWAY = CloseCode::bad_gateway;
inline constexpr CloseCode STATUS_TLS_HANDSHAKE_ERROR = CloseCode::tls_handshake;

}  // namespace wirespan
