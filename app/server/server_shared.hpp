// server_shared.hpp - options, handlers, TLS context and admission that loops share. Private.
#pragma once

#include <utility>

#include <wirespan/app/common/repeated_line.hpp>
#include <wirespan/app/server/admission.hpp>
#include <wirespan/app/server/handler_failure.hpp>
#include <wirespan/app/server/proxy_trust.hpp>
#include <wirespan/app/server/publisher_compression.hpp>
#include <wirespan/app/server/server_tls.hpp>
#include <wirespan/app/server_handlers.hpp>
#include <wirespan/app/server_options.hpp>
#include <wirespan/net/endpoint.hpp>
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan {

/// The properties that all sockets of a listener share.
struct ListenerKind {
  bool is_plain = false;   ///< They get no TLS, although the server has it.
  bool is_spread = false;  ///< They go to one loop after the other; else to the one that accepts.
};

/// Passes the sockets of a listener that serves all loops to one loop after the other (round
/// robin).
class SocketSpreader {
 public:
  virtual void spread(net::TcpSocket socket, const net::Endpoint& peer, bool is_plain) = 0;

 protected:
  ~SocketSpreader() = default;
};

/// State that all loops of a server share: made before them and destroyed after them. Constant but
/// for `publisher_compression`, `tls`, the counts of `admission` and the log lines, which any
/// thread may use.
struct ServerShared {
  ServerShared(ServerOptions server_options, ServerHandlers server_handlers,
               SocketSpreader& socket_spreader)
      : options(std::move(server_options)),
        handlers(std::move(server_handlers)),
        spreader(socket_spreader),
        proxies(options.proxies),
        publisher_compression(options),
        tls(options.tls),
        admission(options.max_connections, options.max_connections_per_address,
                  options.count_loopback) {}

  const ServerOptions options;
  const ServerHandlers handlers;
  SocketSpreader& spreader;
  const ProxyTrust proxies;
  PublisherCompression publisher_compression;
  ServerTls tls;  // listen() throws its error
  ServerAdmission admission;
  RepeatedLine shortage;           // no descriptor or memory for a connection
  RepeatedLine refused_proxy;      // a connection without the PROXY header of a trusted proxy
  RepeatedLine refused_origin;     // 403 by ServerOptions::origins
  RepeatedLine unsendable_answer;  // an agreement of on_request that does not match the offer
  HandlerFailureLines handler_failures;
};

}  // namespace wirespan
