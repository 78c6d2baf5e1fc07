// simulated_threads.cpp - the scheduler: chance decides who runs, and time passes when all wait.
#include <algorithm>
#include <utility>

#include <wirespan/net/simulated_threads.hpp>
#include <wirespan/net/thread_id.hpp>

namespace wirespan::net {
namespace {

/// Bytes; TLS handshakes and the frames of sanitizers are the largest users.
constexpr std::size_t stack_size = std::size_t{1} << 20;
/// Steps without any time passing after which threads count as spinning.
constexpr std::uint64_t most_steps_at_once = 200'000;

}  // namespace

void SimulatedNetwork::Threads::start(std::string name, std::function<void()> work) {
  auto thread = std::make_unique<Thread>();
  thread->name = std::move(name);
  thread->fiber = std::make_unique<Fiber>(std::move(work), stack_size);
  threads_.push_back(std::move(thread));
}

bool SimulatedNetwork::Threads::run(std::optional<TimePoint> end) {
  while (!all_ended() && !(end && clock_.now() >= *end)) {
    if (!step(end)) return false;
  }
  return true;
}

bool SimulatedNetwork::Threads::wait(const std::function<bool()>& done,
                                     std::optional<TimePoint> deadline) {
  if (Thread* self = running_) {
    self->done = &done;
    self->deadline = deadline;
    self->fiber->suspend();
    self->done = nullptr;
    return done();
  }
  // At least one step, so that a wait of no time lets the threads go on, too. But where there is
  // nothing to wait for, no time passes.
  bool is_done = done();
  do {
    const bool went_on = step(is_done ? clock_.now() : deadline);
    is_done = done();
    if (!went_on && !is_done) {
      throw SimulationStuck("nothing can happen any more; waiting: " + all_names());
    }
  } while (!is_done && !(deadline && clock_.now() >= *deadline));
  return is_done;
}

std::vector<std::string> SimulatedNetwork::Threads::names() const {
  std::vector<std::string> names;
  for (const auto& thread : threads_) names.push_back(thread->name);
  return names;
}

/// Lets one thread go on; without one that can, lets the time pass, no further than `limit`. False
/// if neither is possible.
bool SimulatedNetwork::Threads::step(std::optional<TimePoint> limit) {
  ready_.clear();
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    if (can_go_on(*threads_[i])) ready_.push_back(i);
  }
  if (!ready_.empty()) {
    ++steps_;
    count_step_at_once();
    resume(ready_[clock_.draw(ready_.size())]);
    return true;
  }
  std::optional<TimePoint> next = clock_.next();
  const auto consider = [&](const std::optional<TimePoint>& when) {
    if (when) next = next ? std::min(*next, *when) : *when;
  };
  for (const auto& thread : threads_) consider(thread->deadline);
  consider(limit);
  if (!next) return false;
  if (*next > clock_.now()) {
    steps_at_once_ = 0;
  } else {
    count_step_at_once();
  }
  clock_.advance(std::max(*next, clock_.now()));
  return true;
}

void SimulatedNetwork::Threads::count_step_at_once() {
  if (++steps_at_once_ > most_steps_at_once) {
    throw SimulationStuck("time stands still; running: " + all_names());
  }
}

bool SimulatedNetwork::Threads::can_go_on(const Thread& thread) const {
  if (thread.done == nullptr) return true;
  return (thread.deadline && clock_.now() >= *thread.deadline) || (*thread.done)();
}

void SimulatedNetwork::Threads::resume(std::size_t index) {
  Thread* thread = threads_[index].get();
  running_ = thread;
  simulated_thread = thread;
  const auto leave = [&] {
    running_ = nullptr;
    simulated_thread = nullptr;
    if (thread->fiber->has_ended()) {
      std::erase_if(threads_, [&](const auto& entry) { return entry.get() == thread; });
    }
  };
  try {
    thread->fiber->resume();
  } catch (...) {
    leave();
    throw;
  }
  leave();
}

std::string SimulatedNetwork::Threads::all_names() const {
  std::string all;
  for (const auto& thread : threads_) all += (all.empty() ? "" : ", ") + thread->name;
  return all.empty() ? "no thread" : all;
}

}  // namespace wirespan::net
