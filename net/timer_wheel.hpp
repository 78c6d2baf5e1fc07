// timer_wheel.hpp - many deadlines at constant cost. Time is always an argument; no clock is read.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <wirespan/core/keep_alive.hpp>

namespace wirespan::net {

/// Base of an object with one deadline, which its owner hands to TimerWheel::schedule(). Destroying
/// it cancels it. Not movable: the wheel links timers by address.
class Timer {
 public:
  /// Called by TimerWheel::advance() once the deadline has come; `now` is not before it. The timer
  /// is no longer scheduled then. May schedule and cancel any timer, this one too, and destroy
  /// others. Must not throw.
  virtual void on_timer(TimePoint now) = 0;
  /// True while the wheel will call on_timer().
  [[nodiscard]] bool is_scheduled() const noexcept { return link_ != nullptr; }
  /// The deadline that was scheduled last.
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
  Timer** link_ = nullptr;  // the pointer to this timer in its slot's list; null: not scheduled
  TimePoint when_{};
};

/// A hashed timer wheel of 1,024 slots: schedule() and cancel() are O(1), and advance() returns at
/// once if nothing can be due. No timer fires early; it fires in the first advance() at or after
/// its deadline. An event loop owns one and advances it once per turn. Destroying the wheel cancels
/// all timers. Not thread-safe.
class TimerWheel {
 public:
  /// `tick`: width of a slot. A deadline further away than all slots waits for more than one round.
  explicit TimerWheel(TimePoint start,
                      std::chrono::milliseconds tick = std::chrono::milliseconds(4)) noexcept;
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// Schedules or reschedules a timer. A deadline that has passed is due in the next advance(),
  /// also when called from a timer.
  void schedule(Timer& timer, TimePoint when) noexcept;
  /// It is not due any more. Nothing happens to a timer that was not.
  void cancel(Timer& timer) noexcept { timer.unlink(); }
  /// Calls every timer whose deadline has come. `now` must not go backwards.
  void advance(TimePoint now);
  /// Returns a time before which no timer is due; none without timers. It may be earlier than the
  /// first deadline, because cancelling does not update it.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;

 private:
  static constexpr std::size_t slot_count = 1024;
  static constexpr std::size_t bits = 64;

  [[nodiscard]] std::uint64_t tick_of(TimePoint when) const noexcept;
  void insert(Timer& timer) noexcept;
  void take_slot(std::size_t slot, Timer*& due) noexcept;
  void find_earliest() noexcept;

  std::array<Timer*, slot_count> slots_{};  // lists of timers, by deadline modulo 1,024 ticks
  std::array<TimePoint, slot_count> earliest_in_slot_{};     // lower bound; valid if occupied
  std::array<std::uint64_t, slot_count / bits> occupied_{};  // timer in the slot => bit is set
  TimePoint start_;
  std::chrono::nanoseconds tick_;
  std::uint64_t current_tick_ = 0;         // of the last advance()
  TimePoint earliest_ = TimePoint::max();  // lower bound of all deadlines
};

}  // namespace wirespan::net
