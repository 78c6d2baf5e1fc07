// timer_wheel.hpp - many deadlines at constant cost. Time is an argument, never read here.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <wirespan/core/keep_alive.hpp>

namespace wirespan::net {

/// Something that wants to be called at a time. Destroying it cancels it. Not movable.
class Timer {
 public:
  /// `now` is at or after the time that was asked for. May schedule and cancel any timer, this one
  /// too, and destroy others.
  virtual void on_timer(TimePoint now) = 0;
  [[nodiscard]] bool is_scheduled() const noexcept { return link_ != nullptr; }
  /// The time that was asked for last.
  [[nodiscard]] TimePoint when() const noexcept { return when_; }

 protected:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { unlink(); }

 private:
  friend class TimerWheel;
  void unlink() noexcept;

  Timer* next_ = nullptr;
  Timer** link_ = nullptr;  // the pointer that points here; null: not scheduled
  TimePoint when_{};
};

/// A hashed wheel of 1,024 slots: scheduling and cancelling are O(1), a turn costs what is due. No
/// timer fires early; it fires in the first advance() at or after its time. Not thread-safe. All
/// timers must be gone or cancelled before the wheel is.
class TimerWheel {
 public:
  explicit TimerWheel(TimePoint start,
                      std::chrono::milliseconds tick = std::chrono::milliseconds(4)) noexcept;
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// Rescheduling is the same call. A time that has passed is due in the next advance(), also when
  /// called from a timer.
  void schedule(Timer& timer, TimePoint when) noexcept;
  void cancel(Timer& timer) noexcept { timer.unlink(); }
  /// Calls every timer whose time has come. `now` must not go backwards.
  void advance(TimePoint now);
  /// No timer is due before this; nothing when there is no timer. It may be earlier than the first
  /// deadline when that one was cancelled.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;

 private:
  static constexpr std::size_t slot_count = 1024;
  static constexpr std::size_t bits = 64;

  [[nodiscard]] std::uint64_t tick_of(TimePoint when) const noexcept;
  void insert(Timer& timer) noexcept;
  void take_slot(std::size_t slot, Timer*& due) noexcept;
  void find_earliest() noexcept;

  std::array<Timer*, slot_count> slots_{};
  std::array<TimePoint, slot_count> earliest_in_slot_{};  // a lower bound, where occupied
  std::array<std::uint64_t, slot_count / bits> occupied_{};
  TimePoint start_;
  std::chrono::nanoseconds tick_;
  std::uint64_t current_tick_ = 0;
  TimePoint earliest_ = TimePoint::max();  // a lower bound over all slots
};

}  // namespace wirespan::net
