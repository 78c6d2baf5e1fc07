// connector.hpp - Happy Eyeballs: a TCP connection to the first address that answers. RFC 8305.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <wirespan/core/expected.hpp>
#include <wirespan/net/address_rotation.hpp>
#include <wirespan/net/connect_gate.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::net {

/// Options of one Connector. Each TCP socket is made ready in this order: default options, socket
/// options, interface, on_socket, local address; a Unix socket is left as it is. A step that fails
/// ends the attempt to that address; Connector::failure() says which it was.
struct ConnectorOptions {
  /// Set default_socket_options() first. One that the system does not know
  /// (std::errc::no_protocol_option) is passed over.
  bool default_options = false;
  std::vector<SocketOption> socket_options{};  ///< Set next.
  /// Name of a network interface that all packets are to take (SO_BINDTODEVICE); empty: any.
  /// std::errc::operation_not_permitted if the system keeps this to privileged processes.
  std::string interface {};
  /// Called with each new socket, on the loop's thread, before it is bound and connects. An
  /// exception ends the connector, without a try at further addresses, with Errc::handler_failed
  /// and Failure::exception.
  std::function<void(int fd)> on_socket{};
  /// Address to connect from; port 0: any. Only addresses of its family are tried; without one of
  /// them the connector fails with std::errc::address_family_not_supported.
  std::optional<Endpoint> local_address{};
  /// Connection Attempt Delay of RFC 8305 §5: head start of each address over the next one, 250 ms
  /// by default (§8). 0 and below: one more attempt starts in each turn. milliseconds::max(): the
  /// next one starts only when the one before has failed.
  std::chrono::milliseconds stagger{250};
  /// RFC 6455 §4.1: attempts to the same address on this loop wait for each other. False: they
  /// pass by the ConnectGate.
  bool one_at_a_time = true;
  /// Shared by the attempts to reach one name; must outlive the connector. Null: each begins with
  /// the first address.
  AddressRotation* rotation = nullptr;
};

/// A connected socket, and the right to be CONNECTING to its address until `visit` is destroyed.
/// `visit` is null without ConnectorOptions::one_at_a_time.
struct Connected {
  TcpSocket socket;                           ///< Connected, non-blocking.
  std::unique_ptr<ConnectGate::Visit> visit;  ///< Its place in the queue for the address.
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

  /// The step on this side that failed, for the handler's error text.
  struct Failure {
    /// The option and its value: "sockopt with level 6, name 1 (TCP_NODELAY), value 1". Empty if
    /// the error came from the way to the peer.
    std::string detail{};
    std::exception_ptr exception{};  ///< The exception of on_socket; null: none.
  };
  /// The failure that belongs to the error of the handler.
  [[nodiscard]] const Failure& failure() const noexcept { return failure_; }
  /// The addresses of the attempts so far, for an error text: "192.0.2.1:80, [2001:db8::1]:80", and
  /// above four of them "and 3 more". Empty before the first attempt.
  [[nodiscard]] std::string tried() const;

 private:
  class Attempt;

  void on_timer(TimePoint now) override;
  void keep_family_of_local_address();
  void give_up() noexcept;
  void try_next();
  void note(const Endpoint& peer);
  void failed(std::error_code error, Failure failure);
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
  Failure failure_;  // of last_error_; with an exception: nothing more is tried
  std::optional<Connected> winner_;
};

}  // namespace wirespan::net
