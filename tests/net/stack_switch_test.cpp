// Tests of the two ways to another stack: whatever one does, the other does.
#include <array>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wirespan/net/sanitizers.hpp>
#include <wirespan/net/stack_switch.hpp>

namespace wirespan::net {
namespace {

/// Under a sanitizer, which is not told about these switches, there is nothing to compare.
#if defined(WIRESPAN_ASAN) || defined(WIRESPAN_TSAN)
constexpr bool may_switch = false;
#else
constexpr bool may_switch = true;
#endif

template <class Switch>
class StackSwitchTest : public testing::Test {
 public:
  void SetUp() override {
    if (!may_switch) GTEST_SKIP() << "sanitizers know of no switch";
  }

  /// Lets the other stack call `work` and then `leave` for ever.
  void prepare(void (*work)(StackSwitchTest&)) {
    work_ = work;
    switch_.prepare(
        stack_,
        [](void* self) {
          auto& test = *static_cast<StackSwitchTest*>(self);
          test.work_(test);
          while (true) test.switch_.leave();
        },
        this);
  }

  Switch switch_;
  std::vector<std::byte> stack_ = std::vector<std::byte>(64 << 10);
  void (*work_)(StackSwitchTest&) = nullptr;
  std::string said_;
  std::uint64_t number_ = 0;
  double real_ = 0;
};

using Switches = testing::Types<ContextSwitch, StackSwitch>;
TYPED_TEST_SUITE(StackSwitchTest, Switches);

TYPED_TEST(StackSwitchTest, goes_to_and_fro_in_turns) {
  this->prepare([](auto& test) {
    for (const char* word : {"one", "two", "three"}) {
      test.said_.append(word).append(1, ' ');
      test.switch_.leave();
    }
    test.said_ += "end";
  });
  for (int n = 0; n < 6; ++n) {
    this->said_ += "> ";
    this->switch_.enter();
  }
  EXPECT_EQ(this->said_, "> one > two > three > end> > ");
}

TYPED_TEST(StackSwitchTest, both_sides_keep_their_variables) {
  this->prepare([](auto& test) {
    std::array<std::uint64_t, 16> sums{};
    double real = 0.5;
    for (std::uint64_t n = 1; true; ++n) {
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += n * i;
      real *= 1.25;
      test.switch_.leave();
      test.number_ = sums[15] + sums[1];
      test.real_ = real;
    }
  });
  std::array<std::uint64_t, 16> sums{};
  double real = 0.5;
  this->switch_.enter();
  for (std::uint64_t n = 1; n < 1000; ++n) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += n * i;
    if (n < 100) real *= 1.25;
    this->switch_.enter();
    ASSERT_EQ(this->number_, sums[15] + sums[1]) << n;
    ASSERT_TRUE(n >= 100 || this->real_ == real) << n;
  }
}

TYPED_TEST(StackSwitchTest, the_stack_is_aligned_as_a_call_needs_it) {
  this->prepare([](auto& test) {
    alignas(16) std::array<char, 64> text{};
    test.number_ = reinterpret_cast<std::uintptr_t>(text.data()) % 16;
    std::snprintf(text.data(), text.size(), "%.3f", 2.0 / 3);  // uses aligned vector registers
    test.said_ = text.data();
  });
  this->switch_.enter();
  EXPECT_EQ(this->number_, 0U);
  EXPECT_EQ(this->said_, "0.667");
}

TYPED_TEST(StackSwitchTest, exceptions_are_caught_on_the_stack_that_throws_them) {
  this->prepare([](auto& test) {
    try {
      throw std::runtime_error("over there");
    } catch (const std::exception& error) {
      test.said_ += error.what();
    }
  });
  this->switch_.enter();
  EXPECT_EQ(this->said_, "over there");
  EXPECT_THROW(throw std::runtime_error("here"), std::runtime_error);
}

}  // namespace
}  // namespace wirespan::net
