// client_handshake.hpp - the opening handshake as a client sees it. RFC 6455 §4.1.
#pragma once

#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include <wirespan/core/accept_key.hpp>
#include <wirespan/core/agreement.hpp>
#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/event.hpp>
#include <wirespan/core/headers.hpp>
#include <wirespan/core/http_head.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan {

/// The client's opening request. check_client_request() checks all of it before a byte is written.
struct ClientRequest {
  std::string host{};                   ///< Value of Host. Required.
  std::string target = "/";             ///< Resource name: path and query. §3.
  std::optional<std::string> origin{};  ///< Value of Origin; not sent when unset.
  /// Value of Connection instead of "Upgrade", which it must list.
  std::optional<std::string> connection{};
  std::string cookie{};                     ///< Value of Cookie, appended to those in `headers`.
  std::vector<std::string> subprotocols{};  ///< In order of preference, all different.
  bool require_subprotocol = false;  ///< Fail if the server chooses none, as RFC 6455 allows.
  std::optional<DeflateOptions> deflate{};  ///< Set: offer permessage-deflate. RFC 7692 §5.
  /// Additional fields, sent in this order after those of the handshake. Host and Origin replace
  /// the members above, a valid Sec-WebSocket-Key replaces the generated one, and
  /// Sec-WebSocket-Version may be 13; other fields of the handshake are refused.
  Headers headers{};
};

/// Returns no error if `request` may be sent; otherwise Errc::invalid_header, reserved_header,
/// invalid_url (the target), invalid_subprotocol, or an error of check_deflate_options(). `detail`,
/// if given, gets the name of the header, option or subprotocol that is refused, and the value of a
/// refused `host` or `connection`. Cookies, the origin and the values of `headers` may be secrets
/// and are not in it.
[[nodiscard]] std::error_code check_client_request(const ClientRequest& request,
                                                   std::string* detail = nullptr);

/// Returns the request as it is sent. Requires that check_client_request() returns no error. A
/// valid Sec-WebSocket-Key in `request.headers` replaces `key`.
[[nodiscard]] std::string build_request(const ClientRequest& request, const HandshakeKey& key);

/// Judges a response and fills `out`: it must be a 101 that answers `request` and `key`. §4.1,
/// items 1 to 6 on the response.
[[nodiscard]] std::error_code check_response(const ResponseHead& head, const ClientRequest& request,
                                             std::string_view key, Agreement& out);

/// The connection is open. The frames begin `consumed` bytes into the last input.
struct HandshakeDone {
  Agreement agreement;       ///< Subprotocol, compression and header fields of the response.
  std::size_t consumed = 0;  ///< Bytes of the last input.
};

/// The server answered with a final status other than 101. The body begins `consumed` bytes into
/// the last input.
struct HandshakeRejected {
  int status = 0;            ///< The status code, 100 to 999.
  std::string reason;        ///< The reason phrase; may be empty.
  Headers headers;           ///< All header fields.
  std::size_t consumed = 0;  ///< Bytes of the last input.
};

/// Result of ClientHandshake::feed(): more input is needed, or the handshake has ended.
using ClientHandshakeStep = std::variant<NeedInput, HandshakeDone, HandshakeRejected, Failed>;

/// The opening handshake of a client, without I/O. Its owner sends request_bytes() once and feeds
/// the response, which may come in pieces. Informational responses (1xx) before the final one are
/// skipped, at most limits::informational_responses (RFC 9110 §15.2). HandshakeDone,
/// HandshakeRejected or Failed ends the handshake; the object is then destroyed, and in the first
/// case a Connection takes over. Not thread-safe.
class ClientHandshake {
 public:
  /// `key` must be fresh: see make_key(). Requires that check_client_request() returns no error.
  ClientHandshake(ClientRequest request, const HandshakeKey& key,
                  const BlockSource& blocks = heap_blocks());

  /// Returns the request to send first. Nothing else may be sent before the response has been read
  /// (§4.1).
  [[nodiscard]] std::string request_bytes() const { return build_request(request_, key_); }
  /// Takes the next bytes of the response, which are borrowed during the call. Called until it
  /// returns something other than NeedInput.
  [[nodiscard]] ClientHandshakeStep feed(Bytes input);

 private:
  [[nodiscard]] ClientHandshakeStep judge(const ResponseHead& head, std::size_t consumed);

  ClientRequest request_;
  HandshakeKey key_;
  ByteBuffer head_;        // the beginning of a head that came in pieces; else empty
  int informational_ = 0;  // 1xx responses that were skipped
};

}  // namespace wirespan
