// Simulated worlds: properties hold in some hundreds of them, and a seed is a world.
// tests/simulation/worlds.cpp runs as many as there is time for.
#include <gtest/gtest.h>

#include "simulation/world.hpp"

namespace wirespan::test {
namespace {

TEST(SimulatedWorlds, properties_hold_in_the_first_ones) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const WorldPlan plan = make_plan(seed);
    const WorldReport report = run_world(plan);
    ASSERT_TRUE(report.broken.empty()) << describe(plan) << report.broken.front();
  }
}

TEST(SimulatedWorlds, a_seed_gives_the_same_run_each_time) {
  std::vector<std::uint64_t> seen;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const WorldPlan plan = make_plan(seed);
    if (plan.tls) continue;
    const WorldReport first = run_world(plan);
    const WorldReport second = run_world(plan);
    EXPECT_EQ(first.fingerprint, second.fingerprint) << describe(plan);
    EXPECT_EQ(first.steps, second.steps);
    for (const std::uint64_t other : seen) EXPECT_NE(first.fingerprint, other);
    seen.push_back(first.fingerprint);
  }
}

}  // namespace
}  // namespace wirespan::test
