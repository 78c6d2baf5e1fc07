// error.hpp - one code per defect, conditions for groups, one function from error to close code.
#pragma once

#include <system_error>

#include <wirespan/core/close_code.hpp>

namespace wirespan {

/// One code for each defect. Report the code, act on a Condition. The order matters: error.cpp
/// derives the condition from ranges of enumerators.
enum class Errc {
  // One frame. RFC 6455 §5.2, §5.5.
  reserved_bits = 1,   ///< RSV1-3 set without an extension that defines them.
  reserved_opcode,     ///< An opcode that RFC 6455 does not define.
  fragmented_control,  ///< A control frame without FIN.
  oversized_control,   ///< A control frame longer than 125 bytes.
  nonminimal_length,   ///< A length that a shorter form could hold.
  length_overflow,     ///< A 64-bit length with its most significant bit set.
  unexpected_mask,     ///< A masked frame from a server.
  missing_mask,        ///< An unmasked frame from a client.

  // The frames of a message together. RFC 6455 §5.4, §8.1, §10.4.
  unexpected_continuation,  ///< A continuation while no message is under way.
  expected_continuation,    ///< A new message inside an unfinished one.
  invalid_utf8,             ///< A text message that is not UTF-8.
  message_too_big,          ///< More than ReceiveOptions::max_message_size.
  too_many_fragments,       ///< More than ReceiveOptions::max_fragments.
  bad_compressed_data,      ///< A compressed message that cannot be inflated. RFC 7692 §7.2.2.
  inflate_ratio,            ///< More than DeflateOptions::max_inflate_ratio.

  // Control frames and the end of a connection. RFC 6455 §5.5, §7.
  ping_flood,            ///< More pings in a second than ReceiveOptions::max_pings_per_second.
  slow_sender,           ///< Receive rate inside a message below the minimum
                         ///< (SessionOptions::progress_bytes).
  short_close_payload,   ///< A Close body of one byte.
  invalid_close_code,    ///< A close code that may not stand in a frame.
  invalid_close_reason,  ///< A close reason that is not UTF-8.
  connection_lost,       ///< The stream ended without a Close frame.
  connection_closed,  ///< The closing handshake is over, or this side has aborted the connection.

  // Deadlines. All of them equal std::errc::timed_out.
  connect_timeout,    ///< Name look-up, TCP, TLS and opening handshake took too long together.
  handshake_timeout,  ///< A client did not finish its opening handshake in time.
  ping_timeout,       ///< Keep-alive: the peer did not answer a ping in time.
  close_timeout,      ///< The closing handshake took too long.
  receive_timeout,    ///< A blocking receive reached its deadline.
  send_timeout,       ///< A blocking send reached its deadline.
  idle_timeout,       ///< No byte passed for the idle timeout (SessionOptions::idle_time).

  // The opening handshake, both roles. RFC 6455 §4, RFC 9112.
  malformed_start_line,        ///< The first line is not one of HTTP/1.
  malformed_field,             ///< A header line that RFC 9112 §5 does not allow.
  head_too_long,               ///< More bytes than limits::head_size.
  too_many_fields,             ///< More header fields than limits::head_fields.
  bad_http_version,            ///< Not HTTP/1.1.
  missing_upgrade,             ///< No `Upgrade: websocket`.
  missing_connection_upgrade,  ///< No token `upgrade` in Connection.
  repeated_field,              ///< A header field that may come once came more often.

  // The opening handshake: errors that a server finds in the request. RFC 6455 §4.2.1.
  target_too_long,     ///< A request target above limits::request_target_size.
  bad_method,          ///< Not GET.
  bad_host,            ///< No Host, more than one, or an invalid one.
  bad_key,             ///< Sec-WebSocket-Key is not 16 bytes in base64.
  bad_version,         ///< Sec-WebSocket-Version is not 13.
  bad_subprotocols,    ///< Sec-WebSocket-Protocol is not a list of different tokens.
  bad_extensions,      ///< Sec-WebSocket-Extensions does not follow its grammar.
  request_with_body,   ///< A GET or HEAD with content.
  bad_request_target,  ///< A target that is neither a path nor an absolute URI.
  bad_proxy_header,    ///< A connection that does not begin with the PROXY header it must have.

  // The opening handshake: errors that a client finds in the response. RFC 6455 §4.1.
  not_switching_protocols,  ///< A status other than 101.
  bad_accept,               ///< Sec-WebSocket-Accept is missing or wrong.
  unrequested_subprotocol,  ///< The server chose a subprotocol that was not offered.
  missing_subprotocol,      ///< The server chose none although one was required.
  unrequested_extension,    ///< The server chose an extension that was not offered.
  invalid_deflate_answer,   ///< A permessage-deflate that is malformed, or no answer to the offer.
  response_with_body,       ///< A 101 with Content-Length or Transfer-Encoding. RFC 9110 §8.6.
  bad_redirect,             ///< A redirect without a Location that is a URL of a WebSocket.
  too_many_redirects,       ///< More redirects than ConnectOptions::redirect_limit, or a circle.
  insecure_redirect,        ///< A redirect from wss: to ws:, which was not allowed.
  peer_speaks_tls,          ///< The server answered a plain request with a TLS record.
  too_many_informational,   ///< More 1xx responses than limits::informational_responses.

  origin_not_welcome,  ///< The server does not admit pages of this origin. RFC 6455 §10.2.
  request_rejected,    ///< The application refused the request or failed to answer it.

  // Reaching the peer.
  host_not_found,           ///< The name does not resolve.
  proxy_refused,            ///< The proxy did not connect to the server.
  proxy_auth_required,      ///< The proxy asks for credentials, or refuses those it was given.
  proxy_protocol_error,     ///< The proxy's answer breaks its protocol.
  tls_unavailable,          ///< `wss:` in a build without TLS.
  compression_unavailable,  ///< Compression is asked for in a build without zlib.
  handler_failed,           ///< A handler threw an exception, and in a client so did `on_error`.

  // Backpressure. Nothing of the refused message was sent.
  send_queue_full,    ///< The peer does not read: its unsent bytes have reached send_hard_limit.
  send_budget_spent,  ///< The unsent bytes of all connections of the loop are at their limit.
  overflow_closed,    ///< The peer read too slowly, and its connection is closed for that.

  // Resources of this process or host.
  no_mask_key,  ///< The source of mask keys failed; nothing was sent.

  // Misuse by the caller. Nothing was sent.
  not_open,                ///< The connection is not open yet, is closing or has ended.
  already_open,            ///< The client is connected or running already.
  reentrant_call,          ///< A call from within get_mask_key, which makes a frame under way.
  control_too_long,        ///< A ping or pong payload above 125 bytes, a reason above 123.
  invalid_text,            ///< A text to send, or a close reason, that is not UTF-8.
  close_code_not_allowed,  ///< A close code that may not stand in a frame.
  key_too_long,            ///< A conflation key above limits::conflation_key bytes.
  message_under_way,       ///< A new message before the last fragment of the previous one.
  no_message_under_way,    ///< A continuation without a first fragment.
  unsupported_frame,       ///< A frame with RSV bits or an opcode that cannot be sent.
  invalid_url,             ///< Not a ws: or wss: URI as RFC 6455 §3 has it.
  invalid_proxy,           ///< A proxy whose type, host, port or credentials cannot be used.
  invalid_header,          ///< A header name or value with forbidden characters, CR or LF.
  reserved_header,         ///< A header that another option sets, or that the handshake owns.
  invalid_subprotocol,     ///< An offered subprotocol that is no token, or offered twice.
  invalid_option,          ///< An option whose value is invalid or contradicts another one.
};

/// Groups of errors that ask for the same reaction: `if (error == Condition::backpressure)`. An
/// error is in one group at most; deadlines equal std::errc::timed_out instead.
enum class Condition {
  protocol_violation = 1,  ///< The peer broke a rule on an open connection.
  handshake_failed,  ///< The opening handshake failed because of the peer's request or response.
  misuse,            ///< The caller broke a rule and can mend it in code; nothing was sent.
  backpressure,      ///< The peer reads too slowly: send less, or later.
  /// This process or host has run out of something. Beside Errc::no_mask_key these are errors of
  /// the system, of any category that maps to std::errc: not_enough_memory, too_many_files_open,
  /// too_many_files_open_in_system, no_buffer_space.
  resources,
};

/// The category of Errc ("wirespan"); condition_category() is that of Condition.
[[nodiscard]] const std::error_category& wirespan_category() noexcept;
[[nodiscard]] const std::error_category& condition_category() noexcept;
[[nodiscard]] std::error_code make_error_code(Errc code) noexcept;
[[nodiscard]] std::error_condition make_error_condition(Condition condition) noexcept;

/// Returns the code for the Close frame that answers `error`: 1002, 1007, 1008, 1009, or 1011 for
/// an error that is not the peer's fault. RFC 6455 §7.4.1.
[[nodiscard]] CloseCode close_code_for(std::error_code error) noexcept;

}  // namespace wirespan

/// Errc converts to std::error_code.
template <>
struct std::is_error_code_enum<wirespan::Errc> : std::true_type {};
/// Condition converts to std::error_condition.
template <>
struct std::is_error_condition_enum<wirespan::Condition> : std::true_type {};
