// server_shared.hpp - what the loops of a server have in common. Private.
#pragma once

#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <wirespan/app/common/repeated_line.hpp>
#include <wirespan/app/server/admission.hpp>
#include <wirespan/app/server/handler_failure.hpp>
#include <wirespan/app/server_handlers.hpp>
#include <wirespan/app/server_options.hpp>
#include <wirespan/net/endpoint.hpp>
#include <wirespan/net/tcp_socket.hpp>
#include <wirespan/tls/context.hpp>

namespace wirespan {

/// Hands the sockets of a listener that serves all loops on to them, one loop after the other.
class SocketSpreader {
 public:
  /// False: the loop that accepted it keeps it.
  [[nodiscard]] virtual bool spreads(net::Family family) const noexcept = 0;
  virtual void spread(net::TcpSocket socket, const net::Endpoint& peer) = 0;

 protected:
  ~SocketSpreader() = default;
};

/// Made before the loops and destroyed after them. Constant but for the counts of
/// `admission` and the log lines.
struct ServerShared {
  ServerShared(ServerOptions server_options, ServerHandlers server_handlers,
               SocketSpreader& socket_spreader)
      : options(std::move(server_options)),
        handlers(std::move(server_handlers)),
        spreader(socket_spreader),
        admission(options.max_connections, options.max_connections_per_address,
                  options.count_loopback) {
    if (!options.tls) return;
    auto context = tls::Context::for_server(*options.tls, &tls_detail);
    if (context) tls = std::move(*context);
    tls_error = context ? std::error_code{} : context.error();
  }

  const ServerOptions options;
  const ServerHandlers handlers;
  SocketSpreader& spreader;
  std::optional<tls::Context> tls;
  std::error_code tls_error;  // of an unusable certificate or key
  std::string tls_detail;     // and its name
  ServerAdmission admission;
  RepeatedLine shortage;           // nothing can be accepted
  RepeatedLine refused_origin;     // the first one, then one in a while
  RepeatedLine unsendable_answer;  // a handler's answer to a request
  HandlerFailureLines handler_failures;
};

}  // namespace wirespan
