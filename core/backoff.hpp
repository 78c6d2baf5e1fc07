// backoff.hpp - the delays between attempts to connect, as a function of time and a random number.
// RFC 6455 §7.2.3.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <wirespan/core/time.hpp>

namespace wirespan {

/// How a delay varies, so that the clients of one server do not all come back at once.
enum class Jitter : std::uint8_t {
  none,  ///< The computed delay, exactly.
  full,  ///< Uniform between 0 and the computed delay.
};

/// The back-off of one client: says after each end of an attempt or a connection how long to wait,
/// or to give up. Its owner tells it what happened and when, and gives it random numbers; it has no
/// clock and no generator of its own.
///
/// The first delay is `delay`; each further one is the one before times `multiplier`, at most
/// `max_delay`. A failure is an attempt that failed, or a connection that was open for less than
/// `stable_after`; a connection that was open longer makes everything as new. Not thread-safe.
class Backoff {
 public:
  /// Negative times count as 0, a multiplier below 1 or NaN as 1, a `max_delay` below `delay` as
  /// `delay`.
  struct Options {
    std::chrono::milliseconds delay{1'000};       ///< The first delay.
    std::chrono::milliseconds max_delay{60'000};  ///< The largest computed delay.
    double multiplier = 2;                        ///< Growth of the computed delay; 1: none.
    Jitter jitter = Jitter::full;                 ///< How each delay varies.
    std::uint32_t max_attempts = 0;  ///< Failures in a row after which to give up; 0: no limit.
    /// No attempt begins later than this after the latest loss of a connection (before the first
    /// connection: after the start); the last one begins just then. Unset: no end.
    std::optional<std::chrono::milliseconds> give_up_after{};
    std::chrono::milliseconds stable_after{10'000};  ///< Time that makes a connection no failure.
  };

  /// Starts without a connection at `now`.
  Backoff(const Options& options, TimePoint now) noexcept;

  /// Tells that a connection has opened.
  void opened(TimePoint now) noexcept;
  /// Tells that the open connection has ended, or, without one, that an attempt has failed.
  void ended(TimePoint now) noexcept;
  /// Returns the delay before the next attempt; std::nullopt: give up. `random` has 64 random bits.
  /// `at_least` is the wait that the server asked for: without jitter the delay is not shorter,
  /// with jitter it is that much longer. Call it once after each ended() that is to be followed by
  /// an attempt: each call is a step of the growth.
  [[nodiscard]] std::optional<std::chrono::milliseconds> next_delay(
      TimePoint now, std::uint64_t random, std::chrono::milliseconds at_least = {}) noexcept;
  /// Failures in a row so far.
  [[nodiscard]] std::uint32_t failures() const noexcept { return failures_; }

 private:
  [[nodiscard]] std::chrono::milliseconds drawn(std::uint64_t random,
                                                std::chrono::milliseconds at_least) const noexcept;

  Options options_;
  double computed_;  // the next delay before jitter, in milliseconds
  std::uint32_t failures_ = 0;
  TimePoint down_since_;  // latest loss of a connection; the start before the first one
  std::optional<TimePoint> open_since_;
};

}  // namespace wirespan
