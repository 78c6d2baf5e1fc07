// server_listener.hpp - one listening socket of one loop. Private.
#pragma once

#include <functional>
#include <system_error>

#include <wirespan/net/event_loop.hpp>

namespace wirespan {

/// Accepts a bounded number of connections in a turn. When the process has no descriptor left it
/// rests for a while and tries again: it neither spins nor gives up the socket.
class ServerListener final : private net::IoHandler, private net::Timer {
 public:
  using OnAccept = std::function<void(const net::Accepted&)>;
  using OnRest = std::function<void()>;

  ServerListener(net::EventLoop& loop, OnAccept on_accept, OnRest on_rest)
      : loop_(loop), on_accept_(std::move(on_accept)), on_rest_(std::move(on_rest)) {}
  ~ServerListener() { close(); }

  /// Binds and listens. A Unix socket that a dead process has left behind is taken over; our own is
  /// removed at the end.
  [[nodiscard]] std::error_code open(const net::Endpoint& local, const net::ListenOptions& options);
  /// Accepts nothing more. It may be on the stack: retire it then, and do not destroy it.
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
};

}  // namespace wirespan
