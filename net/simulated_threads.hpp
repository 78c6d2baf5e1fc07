// simulated_threads.hpp - the threads of a SimulatedNetwork and who of them runs next. Private.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <wirespan/net/fiber.hpp>
#include <wirespan/net/simulated_clock.hpp>
#include <wirespan/net/simulated_network.hpp>

namespace wirespan::net {

/// Runs one thread at a time, chosen by chance among those that can go on. When all wait it moves
/// the clock to the next event or deadline.
class SimulatedNetwork::Threads {
 public:
  /// `clock` must outlive it.
  explicit Threads(SimulatedClock& clock) : clock_(clock) {}

  void start(std::string name, std::function<void()> work);
  /// Runs threads until all have ended or `end` has come. False if nothing can happen any more.
  bool run(std::optional<TimePoint> end);
  /// Makes the caller wait until `done()` or `deadline`; true if `done()`. Outside of the threads
  /// it runs them meanwhile, and throws SimulationStuck if nothing can happen any more.
  bool wait(const std::function<bool()>& done, std::optional<TimePoint> deadline);
  [[nodiscard]] bool all_ended() const noexcept { return threads_.empty(); }
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

 private:
  struct Thread {
    std::string name;
    std::unique_ptr<Fiber> fiber;
    const std::function<bool()>* done = nullptr;  // of its wait; null: it can go on
    std::optional<TimePoint> deadline{};
  };

  [[nodiscard]] bool step(std::optional<TimePoint> limit);
  void count_step_at_once();
  [[nodiscard]] bool can_go_on(const Thread& thread) const;
  void resume(std::size_t index);
  [[nodiscard]] std::string all_names() const;

  SimulatedClock& clock_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<std::size_t> ready_;  // indices, of one step
  Thread* running_ = nullptr;
  std::uint64_t steps_ = 0;
  std::uint64_t steps_at_once_ = 0;  // since the clock has moved
};

}  // namespace wirespan::net
