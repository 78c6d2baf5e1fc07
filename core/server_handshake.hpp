// server_handshake.hpp - the server's side of the opening handshake. RFC 6455 §4.2.
#pragma once

#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include <wirespan/core/agreement.hpp>
#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/event.hpp>
#include <wirespan/core/extensions.hpp>
#include <wirespan/core/headers.hpp>
#include <wirespan/core/http_head.hpp>

namespace wirespan {

/// A client's upgrade request that has passed check_request(), with copies of its parts.
struct ClientOffer {
  std::string host;    ///< Host, or the authority of an absolute target. RFC 9112 §3.2.2.
  std::string target;  ///< Path and query as sent, nothing decoded.
  std::string origin;  ///< Origin; empty if there was none, so the client is not a browser.
  std::string key;     ///< Sec-WebSocket-Key.
  std::vector<std::string> subprotocols;  ///< In the client's order of preference.
  std::vector<Extension> extensions;      ///< In the client's order of preference.
  Headers headers;                        ///< All header fields of the request.
};

/// A refusal as an HTTP response: build_rejection() adds the framing.
struct Rejection {
  int status = 400;    ///< 200 to 999.
  Headers headers{};   ///< Added to those that frame the body.
  std::string body{};  ///< Sent with its Content-Length.
};

/// Checks an upgrade request and fills `out`. §4.2.1, RFC 9110, RFC 9112.
[[nodiscard]] std::error_code check_request(const RequestHead& head, ClientOffer& out);

/// Returns the 101 response. §4.2.2. Requires a subprotocol and compression that the client
/// offered, and valid headers: check an application's choice with check_agreement().
[[nodiscard]] std::string build_acceptance(const ClientOffer& offer, const Agreement& agreement);
/// Returns Errc::invalid_subprotocol, unrequested_extension, invalid_header or reserved_header if
/// `agreement` must not be sent. `detail`, if given, gets the name of the subprotocol, extension or
/// header.
[[nodiscard]] std::error_code check_agreement(const ClientOffer& offer, const Agreement& agreement,
                                              std::string* detail = nullptr);

/// Returns a response that ends the connection: with Content-Length, and Connection: close (RFC
/// 9112 §9.6). Leaves out invalid headers and those that the response sets itself. `head_only`: the
/// response to HEAD, without the body. A status below 200 or above 999 becomes 500.
[[nodiscard]] std::string build_rejection(const Rejection& rejection, bool head_only = false);
/// Returns the response to an error of check_request() or of the parser: 400, 405, 414, 426, 431 or
/// 505, with the headers that belong to the status.
[[nodiscard]] Rejection rejection_for(std::error_code error);

/// Result of ServerHandshake: the request is complete and valid. `consumed` bytes of the last input
/// belong to it; the bytes after them are frames.
struct RequestReceived {
  ClientOffer offer;         ///< The request, checked.
  std::size_t consumed = 0;  ///< Bytes of the last input.
};

/// Result of ServerHandshake: a valid HTTP request without content that asks for no upgrade to
/// WebSocket, for servers that answer plain HTTP, too.
struct PlainRequest {
  std::string method;  ///< As sent; any method, if there is no content.
  std::string target;  ///< Path and query as sent, nothing decoded.
  Headers headers;     ///< All header fields of the request.
};

/// Checks a plain request and fills `out`: a path or an absolute URI as target, one Host (HTTP/1.0
/// may lack it), no content. Content is Errc::bad_method if the method is neither GET nor HEAD.
/// RFC 9110, RFC 9112.
[[nodiscard]] std::error_code check_plain_request(const RequestHead& head, PlainRequest& out);

/// Result of ServerHandshake::feed().
using ServerHandshakeStep = std::variant<NeedInput, RequestReceived, PlainRequest, Failed>;

/// Collects and checks the request of one connection, which may come in pieces. The driver owns one
/// for each accepted connection, feeds it until feed() returns a result other than NeedInput, and
/// writes the response itself: build_acceptance() or build_rejection(). A head that is malformed or
/// exceeds HeadLimits fails as soon as that is certain. No socket, no clock; not thread-safe.
class ServerHandshake {
 public:
  /// `limits`: of the request head. `blocks`: memory for a head that comes in pieces; must outlive
  /// the handshake. `serves_http`: a request that asks for no upgrade is a PlainRequest, not a
  /// failure.
  explicit ServerHandshake(HeadLimits limits = {}, const BlockSource& blocks = heap_blocks(),
                           bool serves_http = false)
      : limits_(limits), head_(blocks), serves_http_(serves_http) {}

  /// Takes the next bytes from the client. Call it until it returns a result other than NeedInput,
  /// and not again. The input is borrowed for the call. Throws std::bad_alloc.
  [[nodiscard]] ServerHandshakeStep feed(Bytes input);

  /// True if the method of the request is HEAD, even if the request is malformed or too long: no
  /// response to it has a body, whatever its status. RFC 9110 §9.3.2.
  [[nodiscard]] bool asks_for_head() const noexcept { return asks_for_head_; }

 private:
  HeadLimits limits_;
  ByteBuffer head_;  // a head that came in pieces; empty if it lay whole in the first input
  bool serves_http_;
  bool asks_for_head_ = false;
};

}  // namespace wirespan
