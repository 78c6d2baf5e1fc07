// net/event_loop.hpp: deferred deletion (retire()) when no memory is left.
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "support/alloc_counter.hpp"
#include <wirespan/net/event_loop.hpp>

namespace wirespan::test {
namespace {

struct Mourned {
  explicit Mourned(int& alive) noexcept : alive_(alive) { ++alive_; }
  ~Mourned() { --alive_; }
  Mourned(const Mourned&) = delete;
  Mourned& operator=(const Mourned&) = delete;
  int& alive_;
};

class RetireWithoutMemory : public ::testing::Test {
 protected:
  std::vector<std::unique_ptr<Mourned>> make(int count) {
    std::vector<std::unique_ptr<Mourned>> objects;
    for (int i = 0; i < count; ++i) objects.push_back(std::make_unique<Mourned>(alive));
    return objects;
  }

  int alive = 0;
  net::EventLoop loop;
};

TEST_F(RetireWithoutMemory, a_turn_that_ends_many_asks_for_none) {
  auto objects = make(256);
  for (int turn = 0; turn < 2; ++turn) {
    const AllocCounter allocations;
    for (auto& object : objects) loop.retire(std::move(object));
    EXPECT_EQ(allocations.count(), 0U);
    EXPECT_EQ(alive, 256);
    loop.run_once(std::chrono::nanoseconds(0));
    EXPECT_EQ(alive, 0);
    if (turn == 0) objects = make(256);
  }
}

TEST_F(RetireWithoutMemory, what_cannot_be_remembered_is_not_destroyed_too_early) {
  auto objects = make(257);
  Mourned* last = objects.back().get();
  {
    AllocCounter allocations;
    allocations.fail_after(0);
    for (auto& object : objects) loop.retire(std::move(object));
    EXPECT_TRUE(allocations.failed());
  }
  EXPECT_EQ(alive, 257);
  loop.run_once(std::chrono::nanoseconds(0));
  EXPECT_EQ(alive, 1);
  delete last;  // the loop leaks it by design; the test deletes it
}

}  // namespace
}  // namespace wirespan::test
