// error.cpp - texts, conditions and close codes of the errors. RFC 6455 §7.4.1.
#include <array>
#include <optional>
#include <string>

#include <wirespan/core/error.hpp>

namespace wirespan {
namespace {

constexpr bool between(Errc code, Errc first, Errc last) noexcept {
  return code >= first && code <= last;
}

/// Relies on the order of Errc, as default_error_condition() does.
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

struct Text {
  Errc code;
  const char* text;
};

constexpr auto texts = std::to_array<Text>({
    {Errc::reserved_bits, "reserved bits are set"},
    {Errc::reserved_opcode, "reserved opcode"},
    {Errc::fragmented_control, "fragmented control frame"},
    {Errc::oversized_control, "control frame longer than 125 bytes"},
    {Errc::nonminimal_length, "frame length not in its shortest form"},
    {Errc::length_overflow, "frame length has its top bit set"},
    {Errc::unexpected_mask, "masked frame from a server"},
    {Errc::missing_mask, "unmasked frame from a client"},
    {Errc::unexpected_continuation, "continuation without a message"},
    {Errc::expected_continuation, "new message inside a fragmented one"},
    {Errc::invalid_utf8, "text is not valid UTF-8"},
    {Errc::message_too_big, "message too big"},
    {Errc::too_many_fragments, "too many fragments in one message"},
    {Errc::bad_compressed_data, "compressed data is not valid"},
    {Errc::inflate_ratio, "compressed data inflates to too much"},
    {Errc::ping_flood, "too many pings"},
    {Errc::slow_sender, "receive rate below the minimum"},
    {Errc::short_close_payload, "close frame with a body of one byte"},
    {Errc::invalid_close_code, "invalid close code"},
    {Errc::invalid_close_reason, "close reason is not valid UTF-8"},
    {Errc::connection_lost, "connection lost without a close frame"},
    {Errc::connection_closed, "connection is already closed"},
    {Errc::connect_timeout, "connecting took too long"},
    {Errc::handshake_timeout, "the opening handshake took too long"},
    {Errc::ping_timeout, "ping/pong timed out"},
    {Errc::close_timeout, "the closing handshake took too long"},
    {Errc::receive_timeout, "receiving timed out"},
    {Errc::send_timeout, "sending timed out"},
    {Errc::idle_timeout, "the peer was silent for too long"},
    {Errc::malformed_start_line, "the first line is not HTTP"},
    {Errc::malformed_field, "malformed header line"},
    {Errc::head_too_long, "header section too long"},
    {Errc::too_many_fields, "too many header fields"},
    {Errc::bad_http_version, "unsupported HTTP version"},
    {Errc::missing_upgrade, "no Upgrade: websocket"},
    {Errc::missing_connection_upgrade, "no Connection: Upgrade"},
    {Errc::repeated_field, "a header field came more than once"},
    {Errc::target_too_long, "request target too long"},
    {Errc::bad_method, "method is not GET"},
    {Errc::bad_host, "missing, repeated or invalid Host"},
    {Errc::bad_key, "missing or invalid Sec-WebSocket-Key"},
    {Errc::bad_version, "Sec-WebSocket-Version is not 13"},
    {Errc::bad_subprotocols, "invalid Sec-WebSocket-Protocol"},
    {Errc::bad_extensions, "invalid Sec-WebSocket-Extensions"},
    {Errc::request_with_body, "request with a body"},
    {Errc::bad_request_target, "invalid request target"},
    {Errc::bad_proxy_header, "no valid PROXY header"},
    {Errc::not_switching_protocols, "the server did not switch protocols"},
    {Errc::bad_accept, "missing or wrong Sec-WebSocket-Accept"},
    {Errc::unrequested_subprotocol, "the server chose a subprotocol not offered"},
    {Errc::missing_subprotocol, "the server chose no subprotocol"},
    {Errc::unrequested_extension, "the server chose an extension not offered"},
    {Errc::invalid_deflate_answer, "the server's permessage-deflate is not valid"},
    {Errc::response_with_body, "101 with Content-Length or Transfer-Encoding"},
    {Errc::bad_redirect, "redirect without a usable Location"},
    {Errc::too_many_redirects, "too many redirects"},
    {Errc::insecure_redirect, "redirect from wss to ws is not allowed"},
    {Errc::peer_speaks_tls, "the server speaks TLS: use wss"},
    {Errc::too_many_informational, "too many informational responses"},
    {Errc::origin_not_welcome, "this origin is not welcome"},
    {Errc::request_rejected, "the request was rejected"},
    {Errc::host_not_found, "host not found"},
    {Errc::proxy_refused, "the proxy refused to connect to the server"},
    {Errc::proxy_auth_required, "the proxy asks for other credentials"},
    {Errc::proxy_protocol_error, "the proxy's answer breaks its protocol"},
    {Errc::tls_unavailable, "built without TLS"},
    {Errc::compression_unavailable, "built without compression"},
    {Errc::handler_failed, "a handler of the application threw an exception"},
    {Errc::not_open, "connection is not open"},
    {Errc::already_open, "already connected or running"},
    {Errc::control_too_long, "control frame payload above 125 bytes"},
    {Errc::invalid_text, "text to send is not valid UTF-8"},
    {Errc::close_code_not_allowed, "this close code may not be sent"},
    {Errc::key_too_long, "conflation key above 1024 bytes"},
    {Errc::message_under_way, "the previous message is not finished"},
    {Errc::no_message_under_way, "no message to continue"},
    {Errc::unsupported_frame, "this frame cannot be sent"},
    {Errc::no_mask_key, "the source of mask keys failed"},
    {Errc::reentrant_call, "called from within get_mask_key"},
    {Errc::send_budget_spent, "too many unsent bytes of all connections"},
    {Errc::overflow_closed, "the peer was too slow and is being closed"},
    {Errc::send_queue_full, "too many unsent bytes"},
    {Errc::invalid_url, "not a ws or wss URL"},
    {Errc::invalid_proxy, "invalid proxy"},
    {Errc::invalid_header, "invalid header name or value"},
    {Errc::reserved_header, "this header is set by the handshake or by an option"},
    {Errc::invalid_subprotocol, "invalid or repeated subprotocol"},
    {Errc::invalid_option, "invalid option"},
});

constexpr const char* text_of(Errc code) noexcept {
  for (const Text& entry : texts) {
    if (entry.code == code) return entry.text;
  }
  return "unknown wirespan error";
}

class WirespanCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "wirespan"; }

  [[nodiscard]] std::string message(int value) const override {
    return text_of(static_cast<Errc>(value));
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

  /// Codes of the system category do not map to Condition, so this category tests for them.
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
