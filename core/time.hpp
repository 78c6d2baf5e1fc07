// time.hpp - the clock's time points, and the clamping of durations that options give.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// A point in time of the monotonic clock: changes of the wall clock do not matter.
using TimePoint = std::chrono::steady_clock::time_point;

/// Longest duration that is added to a TimePoint, 100 years: "for ever". Without this bound
/// milliseconds::max() would overflow into the past.
inline constexpr std::chrono::milliseconds longest_wait = std::chrono::hours(24 * 365 * 100);

/// Clamps a duration to 0 ... longest_wait.
[[nodiscard]] constexpr std::chrono::milliseconds bounded(std::chrono::milliseconds time) noexcept {
  return std::clamp(time, std::chrono::milliseconds(0), longest_wait);
}

/// Clamps a busy-poll duration to 0 ... longest_wait.
[[nodiscard]] constexpr std::chrono::microseconds bounded_busy_poll(
    std::chrono::microseconds time) noexcept {
  return std::clamp<std::chrono::microseconds>(time, std::chrono::microseconds(0), longest_wait);
}

/// Returns a time option for the layers below: std::nullopt, which means "off", for 0 and negative
/// values; otherwise the bounded() duration.
[[nodiscard]] constexpr std::optional<std::chrono::milliseconds> unless_off(
    std::chrono::milliseconds time) noexcept {
  return time.count() > 0 ? std::optional(bounded(time)) : std::nullopt;
}

/// Returns `now` plus the bounded() duration: never before `now`, whatever value an option has.
[[nodiscard]] constexpr TimePoint later(TimePoint now, std::chrono::milliseconds time) noexcept {
  return now + bounded(time);
}

}  // namespace wirespan
