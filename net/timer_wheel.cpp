// timer_wheel.cpp - TimerWheel: hashed slots, a bitmap of the occupied ones, lazy lower bounds.
#include <algorithm>
#include <bit>
#include <utility>

#include <wirespan/net/timer_wheel.hpp>

namespace wirespan::net {

void Timer::unlink() noexcept {
  if (link_ == nullptr) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  next_ = nullptr;
  link_ = nullptr;
}

TimerWheel::TimerWheel(TimePoint start, std::chrono::milliseconds tick) noexcept
    : start_(start), tick_(tick) {}

TimerWheel::~TimerWheel() {
  for (Timer*& slot : slots_) {
    while (slot != nullptr) slot->unlink();
  }
}

void TimerWheel::schedule(Timer& timer, TimePoint when) noexcept {
  timer.unlink();
  timer.when_ = when;
  insert(timer);
}

void TimerWheel::insert(Timer& timer) noexcept {
  // An overdue timer goes into the current slot, which the next advance() looks at first.
  const std::size_t slot = std::max(tick_of(timer.when_), current_tick_) % slot_count;
  std::uint64_t& word = occupied_[slot / bits];
  const std::uint64_t bit = std::uint64_t{1} << (slot % bits);
  const bool first = (word & bit) == 0;
  word |= bit;
  earliest_in_slot_[slot] = first ? timer.when_ : std::min(earliest_in_slot_[slot], timer.when_);
  earliest_ = std::min(earliest_, timer.when_);

  timer.next_ = slots_[slot];
  timer.link_ = &slots_[slot];
  if (timer.next_ != nullptr) timer.next_->link_ = &timer.next_;
  slots_[slot] = &timer;
}

void TimerWheel::advance(TimePoint now) {
  const std::uint64_t now_tick = std::max(tick_of(now), current_tick_);
  const std::uint64_t first_tick = current_tick_;
  current_tick_ = now_tick;
  if (now < earliest_) return;

  // All timers that may be due are taken out before one is called. So a timer that schedules
  // another one in the past cannot keep this loop busy.
  Timer* due = nullptr;
  const std::uint64_t ticks = std::min<std::uint64_t>(now_tick - first_tick + 1, slot_count);
  for (std::uint64_t i = 0; i < ticks; ++i) take_slot((first_tick + i) % slot_count, due);
  while (due != nullptr) {
    Timer& timer = *due;
    timer.unlink();
    if (timer.when_ <= now) {
      timer.on_timer(now);
    } else {
      insert(timer);  // due in a later round of the wheel, or later in this tick
    }
  }
  find_earliest();
}

/// Moves all timers of a slot to the front of `due`.
void TimerWheel::take_slot(std::size_t slot, Timer*& due) noexcept {
  occupied_[slot / bits] &= ~(std::uint64_t{1} << (slot % bits));
  Timer* list = std::exchange(slots_[slot], nullptr);
  if (list == nullptr) return;
  Timer* last = list;
  while (last->next_ != nullptr) last = last->next_;
  last->next_ = due;
  if (due != nullptr) due->link_ = &last->next_;
  due = list;
  list->link_ = &due;
}

/// Recomputes earliest_ and clears the bits of empty slots.
void TimerWheel::find_earliest() noexcept {
  earliest_ = TimePoint::max();
  for (std::size_t word = 0; word < occupied_.size(); ++word) {
    for (std::uint64_t rest = occupied_[word]; rest != 0; rest &= rest - 1) {
      const std::size_t slot = word * bits + static_cast<std::size_t>(std::countr_zero(rest));
      if (slots_[slot] == nullptr) {
        occupied_[word] &= ~(rest & (~rest + 1));  // all timers of the slot were cancelled
      } else {
        earliest_ = std::min(earliest_, earliest_in_slot_[slot]);
      }
    }
  }
}

std::optional<TimePoint> TimerWheel::next_deadline() const noexcept {
  if (earliest_ == TimePoint::max()) return std::nullopt;
  return earliest_;
}

std::uint64_t TimerWheel::tick_of(TimePoint when) const noexcept {
  return when <= start_ ? 0 : static_cast<std::uint64_t>((when - start_) / tick_);
}

}  // namespace wirespan::net
