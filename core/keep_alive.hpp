// keep_alive.hpp - when to ping and when to give up, as a function of time. RFC 6455 §5.5.2.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <wirespan/core/time.hpp>

namespace wirespan {

enum class KeepAliveAction : std::uint8_t { none, send_ping, peer_is_gone };

/// Pings leave one interval after the start and then one every interval. The peer is gone when
/// nothing has answered within `timeout` of the oldest unanswered ping, so a later ping never moves
/// the deadline, and `timeout` may be shorter or longer than `interval`. A pong answers, whatever
/// its payload (as in Python); so does any other sign of life, unless only pongs shall count.
class KeepAlive {
 public:
  struct Options {
    std::chrono::milliseconds interval{0};  ///< 0 and below: no pings.
    /// Unset: wait for ever. 0 and below: the answer is due at once.
    std::optional<std::chrono::milliseconds> timeout{};
    bool only_pongs_count = false;  ///< on_life() answers no ping.
  };

  KeepAlive(Options options, TimePoint now) noexcept;

  void on_pong(TimePoint now) noexcept;
  /// The peer has shown otherwise that it lives: a byte came, or it took output that had waited.
  void on_life() noexcept;
  /// While reading was paused no answer could be heard: the time-out starts here at the earliest.
  void listen_from(TimePoint now) noexcept;
  /// Call when next_deadline() has come, after everything that had arrived was received, and obey;
  /// until `none`.
  [[nodiscard]] KeepAliveAction tick(TimePoint now) noexcept;
  /// std::nullopt while keep-alive is off.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;

  [[nodiscard]] std::optional<TimePoint> last_ping() const noexcept { return last_ping_; }
  [[nodiscard]] std::optional<TimePoint> last_pong() const noexcept { return last_pong_; }

 private:
  [[nodiscard]] std::optional<TimePoint> answer_deadline() const noexcept;

  Options options_;
  TimePoint next_ping_;
  TimePoint listening_since_;
  std::optional<TimePoint> unanswered_since_;  // the oldest ping without an answer
  std::optional<TimePoint> last_ping_;
  std::optional<TimePoint> last_pong_;
};

}  // namespace wirespan
