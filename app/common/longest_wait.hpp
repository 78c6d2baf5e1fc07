// longest_wait.hpp - time-outs that can be added to the clock. Private.
#pragma once

#include <algorithm>
#include <chrono>

namespace wirespan {

/// What is longer is as good as for ever; added to the clock it would lie in the past.
inline constexpr std::chrono::milliseconds longest_wait = std::chrono::hours(24 * 365 * 100);

[[nodiscard]] constexpr std::chrono::milliseconds bounded(std::chrono::milliseconds time) noexcept {
  return std::min(time, longest_wait);
}

/// Less than nothing is nothing.
[[nodiscard]] constexpr std::chrono::microseconds bounded_busy_poll(
    std::chrono::microseconds time) noexcept {
  return std::clamp<std::chrono::microseconds>(time, std::chrono::microseconds(0), longest_wait);
}

}  // namespace wirespan
