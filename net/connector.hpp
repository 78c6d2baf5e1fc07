// connector.hpp - Happy Eyeballs: a TCP connection to the first address that answers. RFC 8305.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <wirespan/core/expected.hpp>
#include <wirespan/net/connect_gate.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::net {

/// Options of one Connector.
struct ConnectorOptions {
  /// Set on each TCP socket before it connects, not on Unix sockets. None by default. An option
  /// that the system refuses fails the attempt.
  std::vector<SocketOption> socket_options{};
  /// Connection Attempt Delay of RFC 8305 §5: head start of each address over the next one, 250 ms
  /// by default (§8). 0: one more attempt starts in each turn.
  std::chrono::milliseconds stagger{250};
  /// RFC 6455 §4.1: attempts to the same address on this loop wait for each other. False: they
  /// pass by the ConnectGate.
  bool one_at_a_time = true;
};

/// A connected socket, and the right to be CONNECTING to its address until `visit` is destroyed.
/// `visit` is null without ConnectorOptions::one_at_a_time.
struct Connected {
  TcpSocket socket;
  std::unique_ptr<ConnectGate::Visit> visit;
};

/// Returns the addresses with their families alternating, that of the first address first. RFC 8305
/// §4.
[[nodiscard]] std::vector<Endpoint> interleave_families(std::vector<Endpoint> endpoints);

/// Races TCP connections to several addresses. Attempts start one after the other, each with a head
/// start over the next, at once if the one before has failed; the first that connects wins. The
/// connector ends when it has called its handler, with a winner or after all attempts have failed,
/// and then keeps no socket. It has no deadline: its owner destroys it, which cancels all attempts
/// and calls nothing. Belongs to the thread of its loop.
class Connector final : private Timer {
 public:
  /// Called with the connected socket, or with the error of the attempt that failed last.
  using Handler = std::function<void(Expected<Connected>)>;

  /// Starts; the first attempt is made from the loop. `handler` is called once, from the loop,
  /// never from within this call, and may destroy the connector. Requires at least one endpoint.
  Connector(EventLoop& loop, std::vector<Endpoint> endpoints, ConnectorOptions options,
            Handler handler);
  ~Connector();

  /// Returns the socket option that the system refused last, for the handler's error text.
  [[nodiscard]] const std::optional<SocketOption>& refused_option() const noexcept {
    return refused_option_;
  }

 private:
  class Attempt;

  void on_timer(TimePoint now) override;
  void give_up() noexcept;
  void try_next();
  void failed(std::error_code error);
  void succeeded(Attempt& attempt);
  void finish_soon() { loop_.timers().schedule(*this, loop_.now()); }

  EventLoop& loop_;
  std::vector<Endpoint> endpoints_;
  ConnectorOptions options_;
  Handler handler_;
  std::size_t next_ = 0;     // index of the address to try next
  std::size_t running_ = 0;  // attempts that were started and have not failed
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::error_code last_error_;
  std::optional<SocketOption> refused_option_;
  std::optional<Connected> winner_;
};

}  // namespace wirespan::net
