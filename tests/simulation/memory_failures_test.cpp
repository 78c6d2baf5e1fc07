// Every allocation of the library (operator new) in the life of a server and a client fails once,
// on the simulated network: the error is told, nothing is left, and the next client is served.
// [new.delete]
#include <cstdio>
#include <string>

#include <gtest/gtest.h>

#include "simulation/exempt.hpp"
#include "simulation/life_verdict.hpp"
#include "support/failing_new.hpp"

namespace {

/// Allocations of simulated threads until one fails. One thread of the system runs all of them.
struct Memory {
  static inline bool counts = false;
  static inline std::size_t asked = 0;
  static inline std::size_t fails_at = SIZE_MAX;
};

}  // namespace

namespace wirespan::test {

bool allocation_fails() noexcept {
  return Memory::counts && !Exempt::holds() && Memory::asked++ == Memory::fails_at;
}

namespace {

/// A life in which the n-th allocation fails, counted to the end of the first client.
LifeReport live_without(const LifePlan& plan, std::size_t n) {
  Memory::fails_at = n;
  Memory::asked = 0;
  Memory::counts = true;
  LifeReport report =
      live(plan, {.first_ended = [] { Memory::counts = false; }, .of_memory = true});
  Memory::counts = false;
  return report;
}

class MemoryFailures : public ::testing::TestWithParam<LifePlan> {};
INSTANTIATE_TEST_SUITE_P(Of, MemoryFailures, ::testing::ValuesIn(life_plans()),
                         [](const auto& row) { return row.param.name; });

TEST_P(MemoryFailures, each_allocation_fails_once) {
  (void)live_without(GetParam(), SIZE_MAX);  // what is made once for all is there
  EXPECT_EQ(live_without(GetParam(), SIZE_MAX).first, "done");
  const std::size_t count = Memory::asked;
  ASSERT_GT(count, 100U);
  for (std::size_t n = 0; n < count; ++n) {
    const LifeReport report = live_without(GetParam(), n);
    expect_good_end(report, "allocation " + std::to_string(n));
    if (HasFailure()) return;
  }
  std::printf("%zu allocations\n", count);
}

}  // namespace
}  // namespace wirespan::test
