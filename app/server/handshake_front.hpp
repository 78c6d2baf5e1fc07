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

/// Listeners, admission and opening handshakes of one loop; ServerWorker owns it. A socket passes
/// admission, then an Acceptor owns it until the request is answered, then ServerConnections does.
/// std::bad_alloc closes that socket alone. stop() closes the listeners and ends the handshakes;
/// nothing starts them again. The loop's thread only, but for listen() and drop_listeners(), which
/// are called before the loop runs.
class HandshakeFront final : public RequestPort, private AcceptorHost {
 public:
  HandshakeFront(ServerShared& shared, net::EventLoop& loop, ServerHub& hub,
                 ServerCounters& counters, ServerConnections& connections);
  HandshakeFront(const HandshakeFront&) = delete;
  HandshakeFront& operator=(const HandshakeFront&) = delete;

  /// Opens a listener and returns its port; port 0: the kernel picks one.
  [[nodiscard]] Expected<std::uint16_t> listen(const net::Endpoint& local,
                                               const net::ListenOptions& options,
                                               ListenerKind kind);
  /// Takes over a listening socket, also after an error, and returns its port.
  [[nodiscard]] Expected<std::uint16_t> adopt_listener(int fd, ListenerKind kind);
  /// Closes the listeners, before the loop runs.
  void drop_listeners() noexcept { listeners_.clear(); }
  /// Takes over a socket that a listener of this loop or of another one has accepted.
  void accept(net::TcpSocket socket, const net::Endpoint& peer, bool is_plain) noexcept;
  /// Takes over a socket that the application has accepted, with the bytes that it has read.
  /// `is_secured`: the socket gets no TLS, although the server has it.
  void adopt(net::TcpSocket socket, const net::Endpoint& peer, Bytes already_read,
             bool is_secured) noexcept;
  /// Closes the listeners, ends the handshakes without an answer, and admits nothing more.
  void stop() noexcept;
  /// True if no handshake is under way.
  [[nodiscard]] bool is_idle() const noexcept { return acceptors_.empty(); }

  void answer(std::uint64_t acceptor, RequestAnswer& answer) override;

 private:
  bool may_secure() override;
  std::optional<Transport> on_proxy_header(Acceptor& acceptor, Transport transport,
                                           const std::optional<net::Endpoint>& client) override;
  void on_bad_proxy_header(Acceptor& acceptor, std::string_view why) override;
  bool find_client(Acceptor& acceptor, const Headers& headers) override;
  void on_upgrade(Acceptor& acceptor, ServerRequest request) override;
  std::optional<HttpResponse> on_http(const HttpRequest& request) override;
  void on_accepted(Acceptor& acceptor, std::optional<AcceptedConnection> connection,
                   std::error_code error) override;

  [[nodiscard]] std::unique_ptr<ServerListener> make_listener(ListenerKind kind);
  std::uint16_t keep(std::unique_ptr<ServerListener> listener);
  void take(const net::Accepted& accepted, ListenerKind kind) noexcept;
  [[nodiscard]] std::optional<ServerAdmission::Ticket> admit(const net::Endpoint& peer);
  [[nodiscard]] std::optional<AddressCounter::Ticket> count_address(const net::Endpoint& client);
  [[nodiscard]] bool introduce(Acceptor& acceptor, const net::Endpoint& client);
  void shake_hands(net::TcpSocket socket, const net::Endpoint& peer, Bytes already_read,
                   bool is_secured);
  void await_proxy_header(net::TcpSocket socket, const net::Endpoint& peer, bool is_plain);
  [[nodiscard]] std::optional<Transport> secure(Transport plain, bool is_secured);
  Acceptor& add_acceptor(Transport transport, const net::Endpoint& peer,
                         ServerAdmission::Ticket ticket);
  void log_refused_proxy(const net::Endpoint& peer, std::string_view why);
  void accept_request(Acceptor& acceptor, RequestAnswer answer);
  void lost_for_resources(std::string_view why) noexcept;
  void count_failed(std::error_code error) noexcept;

  ServerShared& shared_;
  net::EventLoop& loop_;
  ServerHub& hub_;
  ServerCounters& counters_;
  ServerConnections& connections_;
  AcceptorOptions acceptor_options_;
  std::vector<std::unique_ptr<ServerListener>> listeners_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Acceptor>> acceptors_;
  std::uint64_t last_acceptor_ = 0;
  TimePoint secured_in_;  // the turn (EventLoop::now()) that secured_ belongs to
  int secured_ = 0;       // calls of may_secure() in that turn
  bool stopped_ = false;
};

}  // namespace wirespan
