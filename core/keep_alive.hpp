// keep_alive.hpp - when to ping and when to give up, as a function of time. RFC 6455 §5.5.2.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace wirespan {

/// Monotonic: jumps of the wall clock do not matter.
using TimePoint = std::chrono::steady_clock::time_point;

enum class KeepAliveAction : std::uint8_t { none, send_ping, peer_is_gone };

/// The first ping is due one interval after the start, then one every interval. The peer is gone
/// when no pong has come `timeout` after a ping; any pong counts, as in Python.
class KeepAlive {
 public:
  struct Options {
    std::chrono::milliseconds interval{0};               ///< 0: no pings.
    std::optional<std::chrono::milliseconds> timeout{};  ///< Unset: wait for ever. Below interval.
  };

  KeepAlive(Options options, TimePoint now) noexcept;

  void on_pong(TimePoint now) noexcept;
  /// Nobody could hear a pong until now: the time that is left to it starts here.
  void listen_from(TimePoint now) noexcept;
  /// Call when next_deadline() has come, and obey; until `none`.
  [[nodiscard]] KeepAliveAction tick(TimePoint now) noexcept;
  /// Nothing while keep-alive is off.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;

  [[nodiscard]] std::optional<TimePoint> last_ping() const noexcept { return last_ping_; }
  [[nodiscard]] std::optional<TimePoint> last_pong() const noexcept { return last_pong_; }

 private:
  [[nodiscard]] bool awaits_pong() const noexcept;
  [[nodiscard]] TimePoint pong_deadline() const noexcept;

  Options options_;
  TimePoint next_ping_;
  TimePoint listening_since_;
  std::optional<TimePoint> last_ping_;
  std::optional<TimePoint> last_pong_;
};

}  // namespace wirespan
