// timer_bench.cpp - the timer wheel with a deadline for each of many connections, beside the plain
// implementation: a std::multimap.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include <wirespan/net/timer_wheel.hpp>

namespace wirespan::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto period = 30s;  // of the order of keep-alive intervals and idle timeouts
constexpr TimePoint start{std::chrono::hours(1)};

/// Numbered timers in a wheel; a timer that fires is scheduled again for a period later.
class Wheel {
 public:
  explicit Wheel(std::size_t count) : wheel_(start) {
    for (std::size_t i = 0; i < count; ++i) timers_.push_back(std::make_unique<Entry>(*this));
  }

  void schedule(std::size_t i, TimePoint when) { wheel_.schedule(*timers_[i], when); }
  void cancel(std::size_t i) { wheel_.cancel(*timers_[i]); }
  void advance(TimePoint now) { wheel_.advance(now); }
  [[nodiscard]] std::size_t fired() const { return fired_; }

 private:
  class Entry final : public net::Timer {
   public:
    explicit Entry(Wheel& owner) : owner_(owner) {}
    void on_timer(TimePoint now) override {
      ++owner_.fired_;
      owner_.wheel_.schedule(*this, now + period);
    }

   private:
    Wheel& owner_;
  };

  net::TimerWheel wheel_;
  std::vector<std::unique_ptr<Entry>> timers_;  // each allocated by itself, as in a connection
  std::size_t fired_ = 0;
};

/// The same timers in a map ordered by time.
class Map {
 public:
  explicit Map(std::size_t count) : places_(count, timers_.end()) {}

  void schedule(std::size_t i, TimePoint when) {
    if (places_[i] == timers_.end()) {
      places_[i] = timers_.emplace(when, i);
      return;
    }
    auto node = timers_.extract(places_[i]);
    node.key() = when;
    places_[i] = timers_.insert(std::move(node));
  }
  void cancel(std::size_t i) {
    timers_.erase(places_[i]);
    places_[i] = timers_.end();
  }
  void advance(TimePoint now) {
    while (!timers_.empty() && timers_.begin()->first <= now) {
      ++fired_;
      schedule(timers_.begin()->second, now + period);
    }
  }
  [[nodiscard]] std::size_t fired() const { return fired_; }

 private:
  using Timers = std::multimap<TimePoint, std::size_t>;
  Timers timers_;
  std::vector<Timers::iterator> places_;
  std::size_t fired_ = 0;
};

/// The next timer and its deadline; chosen before the run, so that random numbers are not measured.
struct Choice {
  std::size_t timer = 0;
  TimePoint when;
};

std::vector<Choice> choices(std::size_t timers) {
  std::mt19937_64 random(1);
  std::vector<Choice> list(std::size_t{1} << 16);
  for (Choice& choice : list) {
    const std::chrono::nanoseconds after(random() % std::chrono::nanoseconds(period).count());
    choice = {.timer = random() % timers, .when = start + after};
  }
  return list;
}

/// Schedules all timers at equal distances over one period.
template <class Timers>
void schedule_all(Timers& timers, std::size_t count) {
  const std::chrono::nanoseconds step = std::chrono::nanoseconds(period) / count;
  for (std::size_t i = 0; i < count; ++i) {
    timers.schedule(i, start + static_cast<std::int64_t>(i + 1) * step);
  }
}

/// A connection that opens and closes, while all others have deadlines.
template <class Timers>
void schedule_and_cancel(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Timers timers(count + 1);
  schedule_all(timers, count);
  const auto list = choices(count);
  std::size_t next = 0;
  for (auto _ : state) {
    timers.schedule(count, list[next].when);
    timers.cancel(count);
    next = (next + 1) % list.size();
  }
  state.SetItemsProcessed(state.iterations());
}

/// A connection that has received input: its deadline moves.
template <class Timers>
void reschedule(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Timers timers(count);
  schedule_all(timers, count);
  const auto list = choices(count);
  std::size_t next = 0;
  for (auto _ : state) {
    timers.schedule(list[next].timer, list[next].when);
    next = (next + 1) % list.size();
  }
  state.SetItemsProcessed(state.iterations());
}

/// Turns of a loop one millisecond apart: each timer fires once in a period. The time is that of a
/// turn; `per_timer` is that of a timer that fires.
template <class Timers>
void advance(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Timers timers(count);
  schedule_all(timers, count);
  TimePoint now = start;
  for (auto _ : state) {
    now += 1ms;
    timers.advance(now);
  }
  const auto fired = static_cast<double>(timers.fired());
  if (fired == 0) return;
  state.counters["per_timer"] =
      benchmark::Counter(fired, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// Turns in which no timer is due: most turns of a busy loop.
template <class Timers>
void advance_for_nothing(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Timers timers(count);
  schedule_all(timers, count);
  TimePoint now = start;
  for (auto _ : state) {
    benchmark::DoNotOptimize(now);
    timers.advance(now);
    benchmark::ClobberMemory();
  }
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("timers")->Arg(10'000)->Arg(100'000);
}

BENCHMARK(schedule_and_cancel<Wheel>)->Name("timer/schedule_and_cancel/wheel")->Apply(sizes);
BENCHMARK(schedule_and_cancel<Map>)->Name("timer/schedule_and_cancel/multimap")->Apply(sizes);
BENCHMARK(reschedule<Wheel>)->Name("timer/reschedule/wheel")->Apply(sizes);
BENCHMARK(reschedule<Map>)->Name("timer/reschedule/multimap")->Apply(sizes);
BENCHMARK(advance<Wheel>)->Name("timer/advance/wheel")->Apply(sizes);
BENCHMARK(advance<Map>)->Name("timer/advance/multimap")->Apply(sizes);
BENCHMARK(advance_for_nothing<Wheel>)->Name("timer/advance_for_nothing/wheel")->Apply(sizes);
BENCHMARK(advance_for_nothing<Map>)->Name("timer/advance_for_nothing/multimap")->Apply(sizes);

}  // namespace
}  // namespace wirespan::bench
