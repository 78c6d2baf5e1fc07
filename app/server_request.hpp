// server_request.hpp - what a client asks a server for, and the answers to it. RFC 6455 §4.2.
#pragma once

#include <any>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <wirespan/core/agreement.hpp>
#include <wirespan/core/headers.hpp>
#include <wirespan/core/server_handshake.hpp>
#include <wirespan/net/endpoint.hpp>
#include <wirespan/tls/peer_certificate.hpp>

namespace wirespan {

/// A request that is about to become a connection.
struct ServerRequest {
  ClientOffer offer;
  net::Endpoint peer;
  bool is_tls = false;
  /// What the client showed, if TLS asked for it: verified.
  std::optional<tls::PeerCertificate> certificate{};
};

/// The right to answer a request, once: inside on_request, or later and on any thread, within
/// ServerOptions::handshake_time. Movable. Destroyed without an answer it answers 500.
class PendingRequest {
 public:
  class State;

  explicit PendingRequest(std::unique_ptr<State> state) noexcept;
  PendingRequest(PendingRequest&& other) noexcept;
  PendingRequest& operator=(PendingRequest&& other) noexcept;
  ~PendingRequest();

  /// Valid until it is answered.
  [[nodiscard]] const ServerRequest& request() const noexcept;
  /// 101. The subprotocol must be one that the client offered, or empty; what may not be sent
  /// becomes a 500. Compression is agreed on as the server's options say, unless the agreement
  /// names parameters of its own. Nothing happens if the client has gone. `user_data` becomes the
  /// connection's.
  void accept(Agreement agreement = {}, std::any user_data = {});
  /// Before accept(): no compression for this one, whatever the server's options say.
  void without_compression() noexcept;
  /// Anything else. Headers that contradict the framing are left out.
  void reject(Rejection rejection = {.status = 403});

 private:
  std::unique_ptr<State> state_;
};

/// A request that is no upgrade.
struct HttpRequest {
  std::string method;
  std::string target;  ///< As sent, nothing decoded.
  Headers headers;
  net::Endpoint peer;
  bool is_tls = false;
};

/// The answer to it; the connection is closed behind it.
struct HttpResponse {
  int status = 200;
  Headers headers{};
  std::string body{};
};

}  // namespace wirespan
