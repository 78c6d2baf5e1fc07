// worlds.cpp - simulation_worlds [FIRST] [COUNT]: runs that many worlds from that seed on. A world
// in which a property does not hold is printed, made smaller, and printed again; then it exits
// with 1.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "simulation/world.hpp"

namespace wirespan::test {
namespace {

void print(const WorldPlan& plan, const WorldReport& report) {
  std::printf("%s", describe(plan).c_str());
  for (const std::string& broken : report.broken) std::printf("  BROKEN %s\n", broken.c_str());
}

/// Returns the first smaller world that is broken, too.
std::optional<WorldPlan> shrink(const WorldPlan& plan) {
  for (WorldPlan& less : smaller(plan)) {
    if (!run_world(less).broken.empty()) return std::move(less);
  }
  return std::nullopt;
}

int tell_failure(const WorldPlan& plan, const WorldReport& report) {
  print(plan, report);
  WorldPlan smallest = plan;
  int rounds = 0;
  while (rounds < 200) {
    auto less = shrink(smallest);
    if (!less) break;
    smallest = std::move(*less);
    ++rounds;
  }
  std::printf("after %d simplifications:\n", rounds);
  print(smallest, run_world(smallest));
  return 1;
}

int run_worlds(std::uint64_t first, std::uint64_t count) {
  const auto begin = std::chrono::steady_clock::now();
  double simulated = 0;
  std::uint64_t steps = 0;
  std::uint64_t messages = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const WorldPlan plan = make_plan(seed);
    const WorldReport report = run_world(plan);
    if (!report.broken.empty()) return tell_failure(plan, report);
    simulated += report.simulated_seconds;
    steps += report.steps;
    messages += static_cast<std::uint64_t>(report.messages);
  }
  const double real =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf(
      "%llu worlds from seed %llu on: %.0f simulated s in %.1f s, %llu steps, %llu echoes\n",
      static_cast<unsigned long long>(count), static_cast<unsigned long long>(first), simulated,
      real, static_cast<unsigned long long>(steps), static_cast<unsigned long long>(messages));
  return 0;
}

}  // namespace
}  // namespace wirespan::test

int main(int argc, char** argv) {
  const std::uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1000;
  return wirespan::test::run_worlds(first, count);
}
