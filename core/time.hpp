// time.hpp - points in time, and how an option of time becomes one.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace wirespan {

/// Monotonic: jumps of the wall clock do not matter.
using TimePoint = std::chrono::steady_clock::time_point;

/// A longer time is as good as for ever; added to the clock it would overflow into the past.
inline constexpr std::chrono::milliseconds longest_wait = std::chrono::hours(24 * 365 * 100);

/// Clamps to 0 ... longest_wait.
[[nodiscard]] constexpr std::chrono::milliseconds bounded(std::chrono::milliseconds time) noexcept {
  return std::clamp(time, std::chrono::milliseconds(0), longest_wait);
}

/// How long to poll busily: 0 ... longest_wait.
[[nodiscard]] constexpr std::chrono::microseconds bounded_busy_poll(
    std::chrono::microseconds time) noexcept {
  return std::clamp<std::chrono::microseconds>(time, std::chrono::microseconds(0), longest_wait);
}

/// An option whose documented "0: off" is std::nullopt for the layers below. Negative values are
/// off, too.
[[nodiscard]] constexpr std::optional<std::chrono::milliseconds> unless_off(
    std::chrono::milliseconds time) noexcept {
  return time.count() > 0 ? std::optional(bounded(time)) : std::nullopt;
}

/// `time` after `now`, whatever the caller wrote into an option: never in the past.
[[nodiscard]] constexpr TimePoint later(TimePoint now, std::chrono::milliseconds time) noexcept {
  return now + bounded(time);
}

}  // namespace wirespan
