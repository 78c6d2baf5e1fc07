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

/// What a client asks for. Everything is checked before a byte is written.
struct ClientRequest {
  std::string host{};                       ///< Value of Host. Required.
  std::string target = "/";                 ///< Resource name: path and query. §3.
  std::optional<std::string> origin{};      ///< Value of Origin; not sent when unset.
  std::optional<std::string> connection{};  ///< Value of Connection instead of "Upgrade".
  std::string cookie{};  ///< Appended to a Cookie header, after one from `headers`.
  std::vector<std::string> subprotocols{};  ///< In order of preference, all different.
  bool require_subprotocol = false;         ///< Fail if the server chooses none; RFC 6455 lets it.
  std::optional<DeflateOptions> deflate{};  ///< Set: permessage-deflate is offered. RFC 7692 §5.
  /// Sent after our own fields, in this order. Host and Origin here replace ours, so does a
  /// Sec-WebSocket-Key that is valid; other fields of the handshake are refused.
  Headers headers{};
};

/// Errc::invalid_header, reserved_header, invalid_subprotocol, or what check_deflate_options()
/// says; no error if `request` may be sent. `detail`, if given, gets the name of the header, option
/// or subprotocol that is refused; values of headers may be secrets and are not in it.
[[nodiscard]] std::error_code check_client_request(const ClientRequest& request,
                                                   std::string* detail = nullptr);

/// The request as bytes. Requires check_client_request() to be content. A valid Sec-WebSocket-Key
/// in `request.headers` takes the place of `key`.
[[nodiscard]] std::string build_request(const ClientRequest& request, const HandshakeKey& key);

/// Judges a 101. §4.1, items 1 to 6 on the response.
[[nodiscard]] std::error_code check_response(const ResponseHead& head, const ClientRequest& request,
                                             std::string_view key, Agreement& out);

/// The connection is open. `consumed` bytes of the last input were the head; the rest are frames.
struct HandshakeDone {
  Agreement agreement;
  std::size_t consumed = 0;
};

/// The server answered with a status other than 101; what follows the head is a body.
struct HandshakeRejected {
  int status = 0;
  std::string reason;
  Headers headers;
  std::size_t consumed = 0;
};

using ClientHandshakeStep = std::variant<NeedInput, HandshakeDone, HandshakeRejected, Failed>;

/// Collects the response, which may come in pieces, and judges it. Informational answers before
/// the final one are skipped (RFC 9110 §15.2).
class ClientHandshake {
 public:
  /// Requires check_client_request() to be content.
  ClientHandshake(ClientRequest request, const HandshakeKey& key,
                  const BlockSource& blocks = heap_blocks());

  /// The bytes to send first. Nothing else may be sent before the response has been read (§4.1).
  [[nodiscard]] std::string request_bytes() const { return build_request(request_, key_); }
  /// Call until it returns something other than NeedInput; then the object has done its work.
  [[nodiscard]] ClientHandshakeStep feed(Bytes input);

 private:
  [[nodiscard]] ClientHandshakeStep judge(const ResponseHead& head, std::size_t consumed);

  ClientRequest request_;
  HandshakeKey key_;
  ByteBuffer head_;
  int informational_ = 0;
};

}  // namespace wirespan
