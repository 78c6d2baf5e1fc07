// server_handshake.hpp - the opening handshake as a server sees it. RFC 6455 §4.2.
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

/// What a client asked for, checked against §4.2.1.
struct ClientOffer {
  std::string host;    ///< Host, or the authority of an absolute target. RFC 9112 §3.2.2.
  std::string target;  ///< Path and query as sent, nothing decoded.
  std::string origin;  ///< Empty if there was none: not a browser.
  std::string key;
  std::vector<std::string> subprotocols;  ///< In the client's order of preference.
  std::vector<Extension> extensions;      ///< In the client's order of preference.
  Headers headers;                        ///< All fields of the request.
};

/// A refusal in terms of HTTP.
struct Rejection {
  int status = 400;
  Headers headers{};
  std::string body{};
};

/// Judges a request. §4.2.1, RFC 9110, RFC 9112.
[[nodiscard]] std::error_code check_request(const RequestHead& head, ClientOffer& out);

/// The 101. §4.2.2. Requires a subprotocol and compression that the client offered, and valid
/// headers: check with check_agreement() what an application chose.
[[nodiscard]] std::string build_acceptance(const ClientOffer& offer, const Agreement& agreement);
/// Errc::invalid_subprotocol, unrequested_extension, invalid_header or reserved_header if
/// `agreement` may not be sent. `detail`, if given, gets the name of the subprotocol or header.
[[nodiscard]] std::error_code check_agreement(const ClientOffer& offer, const Agreement& agreement,
                                              std::string* detail = nullptr);

/// An answer that ends the connection: with Content-Length, and Connection: close (RFC 9112 §9.6).
/// Invalid headers, and those that the answer sets itself, are left out. `head_only`: the answer to
/// HEAD. A status that is none, or that switches protocols, becomes 500.
[[nodiscard]] std::string build_rejection(const Rejection& rejection, bool head_only = false);
/// What HTTP has to say about a defect that check_request() or the parser found: 400, 405, 414,
/// 426, 431 or 505, with the headers that belong to it.
[[nodiscard]] Rejection rejection_for(std::error_code error);

/// The request is complete and valid; `consumed` bytes of the last input belonged to it.
struct RequestReceived {
  ClientOffer offer;
  std::size_t consumed = 0;
};

/// A request without content that asks for no upgrade to WebSocket, for those who serve such.
struct PlainRequest {
  std::string method;
  std::string target;
  Headers headers;
};

/// Judges such a request: a path as target, one Host (in HTTP/1.1), no content, which is
/// Errc::bad_method where the method is neither GET nor HEAD. RFC 9110, RFC 9112.
[[nodiscard]] std::error_code check_plain_request(const RequestHead& head, PlainRequest& out);

using ServerHandshakeStep = std::variant<NeedInput, RequestReceived, PlainRequest, Failed>;

/// Collects a request, which may come in pieces, and judges it. The answer is the caller's.
class ServerHandshake {
 public:
  /// `serves_http`: a request that asks for no upgrade is a PlainRequest, not a failure.
  explicit ServerHandshake(HeadLimits limits = {}, const BlockSource& blocks = heap_blocks(),
                           bool serves_http = false)
      : limits_(limits), head_(blocks), serves_http_(serves_http) {}

  /// Call until it returns something other than NeedInput; then the object has done its work.
  [[nodiscard]] ServerHandshakeStep feed(Bytes input);

  /// The method of the request is HEAD, also of one that is malformed or too long: no answer to it
  /// has a body, whatever its status. RFC 9110 §9.3.2.
  [[nodiscard]] bool asks_for_head() const noexcept { return asks_for_head_; }

 private:
  HeadLimits limits_;
  ByteBuffer head_;
  bool serves_http_;
  bool asks_for_head_ = false;
};

}  // namespace wirespan
