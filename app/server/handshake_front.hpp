// handshake_front.hpp - from listening sockets to open connections, for one loop. Private.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <vector>

#include <wirespan/app/server/acceptor.hpp>
#include <wirespan/app/server/pending_request.hpp>
#include <wirespan/app/server/server_connections.hpp>
#include <wirespan/app/server/server_counters.hpp>
#include <wirespan/app/server/server_hub.hpp>
#include <wirespan/app/server/server_listener.hpp>
#include <wirespan/app/server/server_shared.hpp>
#include <wirespan/core/expected.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan {

/// Listeners, admission and handshakes of one loop. An accepted socket is admitted, then an
/// Acceptor has it until the request is answered, then ServerConnections. A step that finds no
/// memory ends that socket alone. The loop's thread only.
class HandshakeFront final : public RequestPort, private AcceptorHost {
 public:
  HandshakeFront(ServerShared& shared, net::EventLoop& loop, ServerHub& hub,
                 ServerCounters& counters, ServerConnections& connections);
  HandshakeFront(const HandshakeFront&) = delete;
  HandshakeFront& operator=(const HandshakeFront&) = delete;

  /// Port 0 picks one, which the result tells.
  [[nodiscard]] Expected<std::uint16_t> listen(const net::Endpoint& local,
                                               const net::ListenOptions& options);
  /// Before the loop runs.
  void drop_listeners() noexcept { listeners_.clear(); }
  /// A socket that a listener of this loop or of another one has accepted.
  void accept(net::TcpSocket socket, const net::Endpoint& peer) noexcept;
  /// A socket that the application has accepted, with the bytes that it has read.
  void adopt(net::TcpSocket socket, const net::Endpoint& peer, Bytes already_read,
             bool is_secured) noexcept;
  /// Closes the listeners, cuts the handshakes, and admits nothing more.
  void stop() noexcept;
  [[nodiscard]] bool is_idle() const noexcept { return acceptors_.empty(); }

  void answer(std::uint64_t acceptor, RequestAnswer& answer) override;

 private:
  bool may_secure() override;
  void on_upgrade(Acceptor& acceptor, ServerRequest request) override;
  std::optional<HttpResponse> on_http(const HttpRequest& request) override;
  void on_accepted(Acceptor& acceptor, std::optional<AcceptedConnection> connection,
                   std::error_code error) override;

  void take(const net::Accepted& accepted, net::Family family) noexcept;
  [[nodiscard]] std::optional<ServerAdmission::Ticket> admit(const net::Endpoint& peer);
  void shake_hands(net::TcpSocket socket, const net::Endpoint& peer, Bytes already_read,
                   bool is_secured);
  void accept_request(Acceptor& acceptor, RequestAnswer answer);

  ServerShared& shared_;
  net::EventLoop& loop_;
  ServerHub& hub_;
  ServerCounters& counters_;
  ServerConnections& connections_;
  AcceptorOptions acceptor_options_;
  std::vector<std::unique_ptr<ServerListener>> listeners_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Acceptor>> acceptors_;
  std::uint64_t last_acceptor_ = 0;
  TimePoint secured_in_;  // the turn that secured_ belongs to
  int secured_ = 0;
  bool stopped_ = false;
};

}  // namespace wirespan
