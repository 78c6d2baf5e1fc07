// Tests of simulated threads: their turns, their exceptions, and the stacks that are kept for later
// ones.
#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wirespan/net/fiber.hpp>
#include <wirespan/net/sanitizers.hpp>

namespace wirespan::net {
namespace {

constexpr std::size_t stack_size = 64 << 10;

TEST(Fiber, runs_in_turns_with_its_caller) {
  std::string said;
  Fiber* self = nullptr;
  Fiber fiber(
      [&] {
        said += "a";
        self->suspend();
        said += "b";
      },
      stack_size);
  self = &fiber;
  fiber.resume();
  said += "-";
  EXPECT_FALSE(fiber.has_ended());
  fiber.resume();
  EXPECT_TRUE(fiber.has_ended());
  EXPECT_EQ(said, "a-b");
}

TEST(Fiber, an_exception_that_it_lets_out_comes_out_of_resume) {
  Fiber fiber([] { throw std::runtime_error("no"); }, stack_size);
  EXPECT_THROW(fiber.resume(), std::runtime_error);
  EXPECT_TRUE(fiber.has_ended());
}

#if !defined(WIRESPAN_ASAN) && !defined(WIRESPAN_TSAN)
/// The address of a variable on the stack of a fiber that runs and ends.
const void* place_of_a_variable(std::size_t size) {
  const void* place = nullptr;
  Fiber fiber(
      [&] {
        int variable = 0;
        place = &variable;
      },
      size);
  fiber.resume();
  return place;
}

TEST(Fiber, a_stack_is_used_again) {
  EXPECT_EQ(place_of_a_variable(stack_size), place_of_a_variable(stack_size));
}

TEST(Fiber, a_stack_of_another_size_is_not) {
  (void)place_of_a_variable(stack_size);
  Fiber large(
      [] {
        std::array<char, 3 * stack_size> much;
        std::fill(much.begin(), much.end(), 'x');
      },
      4 * stack_size);
  large.resume();
  EXPECT_TRUE(large.has_ended());
}

std::ptrdiff_t mappings() {
  std::ifstream maps("/proc/self/maps");
  return std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
}

TEST(Fiber, at_most_32_idle_stacks_are_kept) {
  const auto before = mappings();
  {
    std::vector<std::unique_ptr<Fiber>> fibers;
    for (int i = 0; i < 200; ++i) fibers.push_back(std::make_unique<Fiber>([] {}, stack_size));
    for (const auto& fiber : fibers) fiber->resume();
    EXPECT_GE(mappings() - before, 200);
  }
  // A stack and its guard are two mappings; neighbours may be one.
  EXPECT_LE(mappings() - before, 2 * 32 + 4);
}
#endif

}  // namespace
}  // namespace wirespan::net
