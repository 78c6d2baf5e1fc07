// connector.hpp - a TCP connection to the first of several addresses that answers. RFC 8305.
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

struct ConnectorOptions {
  /// Applied to each socket before it connects; an option that the system refuses is an error.
  std::vector<SocketOption> socket_options{};
  /// How long one address is tried alone before the next one joins. RFC 8305 §8.
  std::chrono::milliseconds stagger{250};
  /// RFC 6455 §4.1: other attempts to the same address, on this loop, wait for each other.
  bool one_at_a_time = true;
};

/// A connected socket, and the right to be CONNECTING to its address until `visit` is destroyed.
struct Connected {
  TcpSocket socket;
  std::unique_ptr<ConnectGate::Visit> visit;
};

/// The addresses by turns of their families, the first one's family first. RFC 8305 §4.
[[nodiscard]] std::vector<Endpoint> interleave_families(std::vector<Endpoint> endpoints);

/// Tries the addresses one after the other, each with a head start over the next; the first that
/// connects wins. There is no deadline here: destroying the connector cancels all attempts.
class Connector final : private Timer {
 public:
  using Handler = std::function<void(Expected<Connected>)>;

  /// Starts. `handler` is called once, from the loop, never from here, and may destroy the
  /// connector. On failure it gets the error of the last address. Requires endpoints.
  Connector(EventLoop& loop, std::vector<Endpoint> endpoints, ConnectorOptions options,
            Handler handler);
  ~Connector();

  /// The socket option that the system refused last, for an error text; for the handler to ask.
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
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::error_code last_error_;
  std::optional<SocketOption> refused_option_;
  std::optional<Connected> winner_;
};

}  // namespace wirespan::net
