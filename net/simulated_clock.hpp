// simulated_clock.hpp - the time of a SimulatedNetwork, its next events, and its chance. Private.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include <wirespan/core/time.hpp>

namespace wirespan::net {

/// The clock stands still until advance(). Owned by a SimulatedNetwork; belongs to its thread.
class SimulatedClock {
 public:
  /// `seed`: of chance alone.
  explicit SimulatedClock(std::uint64_t seed) noexcept : state_(seed) {}

  [[nodiscard]] TimePoint now() const noexcept { return now_; }
  /// Notes that something changes at `when`: that is where advance() stops. `happen` is called
  /// then.
  void at(TimePoint when, std::function<void()> happen = {}) {
    events_.emplace(when, std::move(happen));
  }
  /// Returns the time of the next event, if there is one.
  [[nodiscard]] std::optional<TimePoint> next() const noexcept {
    return events_.empty() ? std::nullopt : std::optional(events_.begin()->first);
  }
  /// Lets the time be `when`, which is not before now(), and lets happen what is due.
  void advance(TimePoint when) {
    now_ = when;
    while (!events_.empty() && events_.begin()->first <= now_) {
      const auto happen = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      if (happen) happen();
    }
  }

  /// Returns the next number of a generator with 64 bits of state (splitmix64).
  [[nodiscard]] std::uint64_t draw() noexcept {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  [[nodiscard]] std::uint64_t draw(std::uint64_t bound) noexcept {
    return bound == 0 ? 0 : draw() % bound;
  }
  /// True with that probability.
  [[nodiscard]] bool chance(double probability) noexcept {
    return probability > 0 && static_cast<double>(draw() >> 11U) * 0x1p-53 < probability;
  }

 private:
  TimePoint now_{std::chrono::hours(1)};
  std::multimap<TimePoint, std::function<void()>> events_;
  std::uint64_t state_;
};

}  // namespace wirespan::net
