// server_listener.hpp - one listening socket of one loop. Private.
#pragma once

#include <functional>
#include <system_error>

#include <wirespan/net/event_loop.hpp>

namespace wirespan {

/// One listening socket of one loop; HandshakeFront owns it. It accepts up to
/// limits::accepts_per_turn connections in a turn. When no descriptor or memory is left it rests
/// for 100 ms and tries again: it neither spins nor closes the socket. The loop's thread only.
class ServerListener final : private net::IoHandler, private net::Timer {
 public:
  using OnAccept = std::function<void(const net::Accepted&)>;
  using OnRest = std::function<void()>;

  ServerListener(net::EventLoop& loop, OnAccept on_accept, OnRest on_rest)
      : loop_(loop), on_accept_(std::move(on_accept)), on_rest_(std::move(on_rest)) {}
  ~ServerListener() { close(); }

  /// Binds and listens. The file of a Unix socket that a dead process has left behind is replaced;
  /// close() removes the file of this listener.
  [[nodiscard]] std::error_code open(const net::Endpoint& local, const net::ListenOptions& options);
  /// Takes over a socket that listens already, also after an error. close() leaves its file alone.
  [[nodiscard]] std::error_code adopt(int fd);
  /// Closes the socket. Inside on_accept the listener is on the stack: its owner then passes it to
  /// EventLoop::retire() (deferred deletion).
  void close() noexcept;
  [[nodiscard]] net::Endpoint local() const noexcept { return local_; }

 private:
  void on_ready(net::Readiness readiness) override;
  void on_timer(TimePoint now) override;
  void rest();

  net::EventLoop& loop_;
  OnAccept on_accept_;
  OnRest on_rest_;
  net::Endpoint local_;
  int fd_ = -1;
  bool has_name_ = false;  // the file of a Unix socket is ours
};

}  // namespace wirespan
