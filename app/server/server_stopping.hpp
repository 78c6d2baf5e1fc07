// server_stopping.hpp - graceful shutdown of a loop's connections, spread over a time. Private.
#pragma once

#include <cstdint>
#include <memory>

#include <wirespan/app/server/server_connections.hpp>
#include <wirespan/app/server_options.hpp>
#include <wirespan/core/keep_alive.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan {

/// Graceful shutdown of a loop, begun once: sends a Close to each connection, slot by slot and
/// evenly over StopOptions::spread, then aborts the connections that are left at the deadline.
/// ServerWorker owns it. It allocates nothing, so no lack of memory can stop it half-way. The
/// loop's thread only.
class ServerStopping final : private net::Timer {
 public:
  ServerStopping(net::EventLoop& loop, ServerConnections& connections,
                 std::chrono::milliseconds close_time) noexcept
      : loop_(loop), connections_(connections), close_time_(close_time) {}

  /// Begins the shutdown; does nothing if it has begun.
  void begin(std::shared_ptr<const StopOptions> options) noexcept;
  [[nodiscard]] bool has_begun() const noexcept { return options_ != nullptr; }

 private:
  void on_timer(TimePoint now) override;
  void send_due_closes(TimePoint now) noexcept;

  net::EventLoop& loop_;
  ServerConnections& connections_;
  std::chrono::milliseconds close_time_;
  std::shared_ptr<const StopOptions> options_;
  std::chrono::milliseconds spread_{};
  TimePoint begin_;
  TimePoint abort_at_;
  std::size_t total_ = 0;   // connections at the beginning
  std::size_t closed_ = 0;  // closing handshakes started
  std::uint32_t next_slot_ = 0;
};

}  // namespace wirespan
