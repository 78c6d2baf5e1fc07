// server_request.hpp - the requests that reach a server, and the answers to them. RFC 6455 §4.2.
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

/// An upgrade request that waits for the application's decision.
struct ServerRequest {
  ClientOffer offer;   ///< Its host, target, origin, subprotocols and headers.
  net::Endpoint peer;  ///< The client's address; that of a proxy, unless `proxies` tell more.
  /// The proxy that has told the client's address, ServerOptions::proxies: the socket's peer.
  std::optional<net::Endpoint> proxy{};
  bool is_tls = false;  ///< It came over the server's own TLS.
  /// The client's certificate, verified; unset unless tls::ServerOptions::client_ca_file asks for
  /// one.
  std::optional<tls::PeerCertificate> certificate{};
};

/// The right to answer one upgrade request, once: inside on_request, or later and on any thread,
/// within ServerOptions::handshake_time. Movable; the handler owns it. The first accept() or
/// reject() is the answer, a later one has no effect; neither has an answer that comes too late, or
/// to a client that has gone. Destroyed without an answer, it answers 500.
class PendingRequest {
 public:
  class State;

  /// Made by the server.
  explicit PendingRequest(std::unique_ptr<State> state) noexcept;
  PendingRequest(PendingRequest&& other) noexcept;
  PendingRequest& operator=(PendingRequest&& other) noexcept;
  ~PendingRequest();

  /// The request. Borrowed: valid until it is answered; not to be called after that.
  [[nodiscard]] const ServerRequest& request() const noexcept;
  /// Answers 101 and opens the connection. The subprotocol must be one that the client offered, or
  /// empty: then ServerOptions::subprotocols chooses. An agreement that may not be sent becomes a
  /// 500, and a line in the log. Compression is
  /// agreed on by ServerOptions::compression, unless the agreement has parameters of its own.
  /// `user_data` becomes that of the connection.
  void accept(Agreement agreement = {}, std::any user_data = {});
  /// Declines compression for this connection, whatever the server's options say. Call it before
  /// accept().
  void without_compression() noexcept;
  /// Answers with another status and closes the connection. Header fields that contradict the
  /// framing of the answer are left out.
  void reject(Rejection rejection = {.status = 403});

 private:
  std::unique_ptr<State> state_;
};

/// A request that is no upgrade, for on_http: whole, and without content.
struct HttpRequest {
  std::string method;  ///< GET, HEAD, POST and so on, as sent.
  std::string target;  ///< Path and query as sent, nothing decoded.
  Headers headers;     ///< All header fields.
  net::Endpoint peer;  ///< The client's address; that of a proxy, unless `proxies` tell more.
  /// The proxy that has told the client's address, ServerOptions::proxies: the socket's peer.
  std::optional<net::Endpoint> proxy{};
  bool is_tls = false;  ///< It came over the server's own TLS.
};

/// The answer to an HttpRequest. The connection is closed behind it.
struct HttpResponse {
  int status = 200;    ///< 200 to 999.
  Headers headers{};   ///< Added to those that frame the body.
  std::string body{};  ///< Sent with its Content-Length.
};

}  // namespace wirespan
