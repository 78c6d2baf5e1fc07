#include <optional>
#include <string>

#include <wirespan/core/error.hpp>

namespace wirespan {
namespace {

constexpr bool between(Errc code, Errc first, Errc last) noexcept {
  return code >= first && code <= last;
}

constexpr std::optional<Condition> condition_of(Errc code) noexcept {
  if (between(code, Errc::reserved_bits, Errc::invalid_close_reason)) {
    return Condition::protocol_violation;
  }
  if (between(code, Errc::malformed_start_line, Errc::too_many_informational)) {
    return Condition::handshake_failed;
  }
  if (between(code, Errc::send_queue_full, Errc::overflow_closed)) return Condition::backpressure;
  if (code == Errc::no_mask_key) return Condition::resources;
  if (between(code, Errc::not_open, Errc::invalid_option)) return Condition::misuse;
  return std::nullopt;
}

constexpr const char* frame_message(Errc code) noexcept {
  switch (code) {
    case Errc::reserved_bits:
      return "reserved bits are set";
    case Errc::reserved_opcode:
      return "reserved opcode";
    case Errc::fragmented_control:
      return "fragmented control frame";
    case Errc::oversized_control:
      return "control frame longer than 125 bytes";
    case Errc::nonminimal_length:
      return "frame length not in its shortest form";
    case Errc::length_overflow:
      return "frame length has its top bit set";
    case Errc::unexpected_mask:
      return "masked frame from a server";
    case Errc::missing_mask:
      return "unmasked frame from a client";
    case Errc::unexpected_continuation:
      return "continuation without a message";
    case Errc::expected_continuation:
      return "new message inside a fragmented one";
    case Errc::invalid_utf8:
      return "text is not valid UTF-8";
    case Errc::message_too_big:
      return "message too big";
    case Errc::too_many_fragments:
      return "too many fragments in one message";
    case Errc::bad_compressed_data:
      return "compressed data is not valid";
    case Errc::inflate_ratio:
      return "compressed data inflates to too much";
    case Errc::ping_flood:
      return "too many pings";
    case Errc::slow_sender:
      return "too few bytes of a message in too much time";
    case Errc::short_close_payload:
      return "close frame with a body of one byte";
    case Errc::invalid_close_code:
      return "invalid close code";
    case Errc::invalid_close_reason:
      return "close reason is not valid UTF-8";
    case Errc::connection_lost:
      return "connection lost without a close frame";
    case Errc::connection_closed:
      return "connection is already closed";
    case Errc::connect_timeout:
      return "connecting took too long";
    case Errc::handshake_timeout:
      return "the opening handshake took too long";
    case Errc::ping_timeout:
      return "ping/pong timed out";
    case Errc::close_timeout:
      return "the closing handshake took too long";
    case Errc::receive_timeout:
      return "receiving timed out";
    case Errc::send_timeout:
      return "sending timed out";
    case Errc::idle_timeout:
      return "the peer was silent for too long";
    default:
      return nullptr;
  }
}

constexpr const char* handshake_message(Errc code) noexcept {
  switch (code) {
    case Errc::malformed_start_line:
      return "the first line is not HTTP";
    case Errc::malformed_field:
      return "malformed header line";
    case Errc::head_too_long:
      return "header section too long";
    case Errc::too_many_fields:
      return "too many header fields";
    case Errc::bad_http_version:
      return "unsupported HTTP version";
    case Errc::missing_upgrade:
      return "no Upgrade: websocket";
    case Errc::missing_connection_upgrade:
      return "no Connection: Upgrade";
    case Errc::repeated_field:
      return "a header field came more than once";
    case Errc::target_too_long:
      return "request target too long";
    case Errc::bad_method:
      return "method is not GET";
    case Errc::bad_host:
      return "missing, repeated or invalid Host";
    case Errc::bad_key:
      return "missing or invalid Sec-WebSocket-Key";
    case Errc::bad_version:
      return "Sec-WebSocket-Version is not 13";
    case Errc::bad_subprotocols:
      return "invalid Sec-WebSocket-Protocol";
    case Errc::bad_extensions:
      return "invalid Sec-WebSocket-Extensions";
    case Errc::request_with_body:
      return "request with a body";
    case Errc::bad_request_target:
      return "invalid request target";
    case Errc::not_switching_protocols:
      return "the server did not switch protocols";
    case Errc::bad_accept:
      return "missing or wrong Sec-WebSocket-Accept";
    case Errc::unrequested_subprotocol:
      return "the server chose a subprotocol not offered";
    case Errc::missing_subprotocol:
      return "the server chose no subprotocol";
    case Errc::unrequested_extension:
      return "the server chose an extension not offered";
    case Errc::invalid_deflate_answer:
      return "the server's permessage-deflate is not valid";
    case Errc::response_with_body:
      return "101 with Content-Length or Transfer-Encoding";
    case Errc::too_many_informational:
      return "too many informational responses";
    case Errc::origin_not_welcome:
      return "this origin is not welcome";
    case Errc::request_rejected:
      return "the request was rejected";
    default:
      return nullptr;
  }
}

constexpr const char* caller_message(Errc code) noexcept {
  switch (code) {
    case Errc::host_not_found:
      return "host not found";
    case Errc::tls_unavailable:
      return "built without TLS";
    case Errc::compression_unavailable:
      return "built without compression";
    case Errc::handler_failed:
      return "a handler of the application threw an exception";
    case Errc::not_open:
      return "connection is not open";
    case Errc::already_open:
      return "already connected or running";
    case Errc::control_too_long:
      return "control frame payload above 125 bytes";
    case Errc::invalid_text:
      return "text to send is not valid UTF-8";
    case Errc::close_code_not_allowed:
      return "this close code may not be sent";
    case Errc::message_under_way:
      return "the previous message is not finished";
    case Errc::no_message_under_way:
      return "no message to continue";
    case Errc::unsupported_frame:
      return "this frame cannot be sent";
    case Errc::no_mask_key:
      return "the source of mask keys failed";
    case Errc::send_budget_spent:
      return "too many unsent bytes of all connections";
    case Errc::overflow_closed:
      return "the peer was too slow and is being closed";
    case Errc::send_queue_full:
      return "too many unsent bytes";
    case Errc::invalid_url:
      return "not a ws or wss URL";
    case Errc::invalid_header:
      return "invalid header name or value";
    case Errc::reserved_header:
      return "this header is set by the handshake or by an option";
    case Errc::invalid_subprotocol:
      return "invalid or repeated subprotocol";
    case Errc::invalid_option:
      return "invalid option";
    default:
      return "unknown wirespan error";
  }
}

class WirespanCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "wirespan"; }

  [[nodiscard]] std::string message(int value) const override {
    const auto code = static_cast<Errc>(value);
    if (const char* text = frame_message(code)) return text;
    if (const char* text = handshake_message(code)) return text;
    return caller_message(code);
  }

  [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
    const auto code = static_cast<Errc>(value);
    if (between(code, Errc::connect_timeout, Errc::idle_timeout)) {
      return std::make_error_condition(std::errc::timed_out);
    }
    if (const auto condition = condition_of(code)) return make_error_condition(*condition);
    return {value, *this};
  }
};

bool is_exhaustion(const std::error_code& code) noexcept {
  return code == std::errc::not_enough_memory || code == std::errc::too_many_files_open ||
         code == std::errc::too_many_files_open_in_system || code == std::errc::no_buffer_space;
}

class ConditionCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "wirespan.condition"; }

  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<Condition>(value)) {
      case Condition::protocol_violation:
        return "protocol violation";
      case Condition::handshake_failed:
        return "handshake failed";
      case Condition::misuse:
        return "misuse";
      case Condition::backpressure:
        return "backpressure";
      case Condition::resources:
        return "out of resources";
    }
    return "unknown condition";
  }

  /// Errors of the system cannot name our conditions, so the condition knows them.
  [[nodiscard]] bool equivalent(const std::error_code& code, int value) const noexcept override {
    if (code.default_error_condition() == std::error_condition(value, *this)) return true;
    return static_cast<Condition>(value) == Condition::resources && is_exhaustion(code);
  }
};

}  // namespace

const std::error_category& wirespan_category() noexcept {
  static const WirespanCategory category;
  return category;
}

const std::error_category& condition_category() noexcept {
  static const ConditionCategory category;
  return category;
}

std::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), wirespan_category()};
}

std::error_condition make_error_condition(Condition condition) noexcept {
  return {static_cast<int>(condition), condition_category()};
}

CloseCode close_code_for(std::error_code error) noexcept {
  if (error == Errc::invalid_utf8 || error == Errc::invalid_close_reason ||
      error == Errc::bad_compressed_data) {
    return CloseCode::invalid_payload;
  }
  if (error == Errc::message_too_big) return CloseCode::message_too_big;
  if (error == Errc::too_many_fragments || error == Errc::inflate_ratio ||
      error == Errc::ping_flood || error == Errc::slow_sender) {
    return CloseCode::policy_violation;
  }
  if (error == Condition::protocol_violation) return CloseCode::protocol_error;
  return CloseCode::internal_error;
}

}  // namespace wirespan
