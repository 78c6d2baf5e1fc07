// keep_alive.hpp - keep-alive (ping/pong) as a function of time: when to ping, when to give up.
// RFC 6455 §5.5.2.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <wirespan/core/time.hpp>

namespace wirespan {

/// Result of KeepAlive::tick(): nothing to do, send one ping, or end the connection because the
/// peer has not answered in time.
enum class KeepAliveAction : std::uint8_t { none, send_ping, peer_is_gone };

/// Keep-alive of one connection: schedules pings and judges the liveness of the peer. The driver of
/// the connection owns it, tells it pongs and other signs of life, and does as tick() says. It has
/// no clock of its own: every call that depends on the time is given it.
///
/// The first ping is due one interval after the start, then one every interval. The peer is gone if
/// nothing has answered within `timeout` of the oldest unanswered ping: a later ping never moves
/// that deadline, and `timeout` may be shorter or longer than `interval`. A pong answers all pings,
/// whatever its payload (as in Python), unless its driver matches payloads; so does any other sign
/// of life, unless `only_pongs_count`. Not thread-safe.
class KeepAlive {
 public:
  /// The times and rules of the heartbeat.
  struct Options {
    std::chrono::milliseconds interval{0};  ///< Time between pings; 0 and below: keep-alive is off.
    /// Time the peer has to answer a ping. Unset: for ever. 0 and below: the answer is due at once.
    std::optional<std::chrono::milliseconds> timeout{};
    bool only_pongs_count = false;  ///< True: on_life() answers no ping.
  };

  /// Starts the first interval at `now`.
  KeepAlive(Options options, TimePoint now) noexcept;

  /// Tells that a pong came. It answers all pings; if it is known to be of an earlier ping than the
  /// latest, the latest one is still to be answered, within its own time-out.
  void on_pong(TimePoint now, bool is_of_latest = true) noexcept;
  /// Tells another sign of life: a byte came, or the peer took output that had waited.
  void on_life() noexcept;
  /// Tells that input is read from `now` on (again): no answer could be received before, so the
  /// pong timeout starts at `now` at the earliest.
  void listen_from(TimePoint now) noexcept;
  /// Returns the step that is due. Call it at next_deadline(), after receiving everything that has
  /// arrived, and do as it says; repeat until it returns `none`.
  [[nodiscard]] KeepAliveAction tick(TimePoint now) noexcept;
  /// Returns the time of the next tick(): the next ping or the deadline of an answer. std::nullopt
  /// while keep-alive is off.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;

  /// Times of the latest ping and pong; unset before the first one.
  [[nodiscard]] std::optional<TimePoint> last_ping() const noexcept { return last_ping_; }
  [[nodiscard]] std::optional<TimePoint> last_pong() const noexcept { return last_pong_; }

 private:
  [[nodiscard]] std::optional<TimePoint> answer_deadline() const noexcept;

  Options options_;
  TimePoint next_ping_;
  TimePoint listening_since_;                  // an answer could be received from here on
  std::optional<TimePoint> unanswered_since_;  // time of the oldest unanswered ping; unset: none
  std::optional<TimePoint> last_ping_;
  std::optional<TimePoint> last_pong_;
};

/// Returns the payload of the ping with this number, for drivers that match pongs: `payload` and
/// the number in decimal, so at most 20 bytes more. Throws std::bad_alloc.
[[nodiscard]] std::string numbered_ping(std::string_view payload, std::uint64_t number);
/// Returns the number of the ping that a pong answers; 0 if numbered_ping() has not made it.
[[nodiscard]] std::uint64_t number_of_ping(std::string_view pong,
                                           std::string_view payload) noexcept;

}  // namespace wirespan
