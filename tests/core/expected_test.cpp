// core/expected.hpp: a value or an error code.
#include <memory>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include <wirespan/core/error.hpp>
#include <wirespan/core/expected.hpp>

namespace wirespan::test {
namespace {

TEST(Expected, with_a_value) {
  Expected<std::string> value(std::string("abc"));
  EXPECT_TRUE(value);
  EXPECT_TRUE(value.has_value());
  EXPECT_EQ(*value, "abc");
  EXPECT_EQ(value->size(), 3U);
  EXPECT_FALSE(value.error());
  value->push_back('d');
  EXPECT_EQ(std::as_const(value)->size(), 4U);
  EXPECT_EQ(*std::as_const(value), "abcd");
}

TEST(Expected, with_a_reason) {
  const Expected<std::string> nothing(make_error_code(Errc::bad_key));
  EXPECT_FALSE(nothing);
  EXPECT_FALSE(nothing.has_value());
  EXPECT_EQ(nothing.error(), Errc::bad_key);
}

TEST(Expected, a_value_that_can_only_be_moved) {
  Expected<std::unique_ptr<int>> value(std::make_unique<int>(5));
  const std::unique_ptr<int> taken = *std::move(value);
  EXPECT_EQ(*taken, 5);
}

/// A value whose copy fails when it is told so, and which counts itself.
struct Fragile {
  Fragile() { ++alive; }
  Fragile(const Fragile&) {
    if (fails) throw std::bad_alloc();
    ++alive;
  }
  Fragile(Fragile&&) noexcept { ++alive; }
  Fragile& operator=(const Fragile&) = default;
  Fragile& operator=(Fragile&&) noexcept = default;
  ~Fragile() { --alive; }

  static inline int alive = 0;
  static inline bool fails = false;
};

TEST(Expected, a_copy_that_fails_leaves_nothing_half_made) {
  {
    const Expected<Fragile> value{Fragile()};
    Expected<Fragile> target = value;
    Expected<Fragile> reason = make_error_code(Errc::bad_key);
    EXPECT_EQ(Fragile::alive, 2);
    Fragile::fails = true;
    EXPECT_THROW((void)Expected<Fragile>(value), std::bad_alloc);
    EXPECT_THROW(target = value, std::bad_alloc);
    EXPECT_THROW(reason = value, std::bad_alloc);
    Fragile::fails = false;
    EXPECT_EQ(Fragile::alive, 2);
    EXPECT_TRUE(target);
    EXPECT_EQ(reason.error(), Errc::bad_key);
    reason = value;
    EXPECT_EQ(Fragile::alive, 3);
  }
  EXPECT_EQ(Fragile::alive, 0);
}

TEST(Expected, copies_keep_the_value_or_the_reason) {
  Expected<std::string> value(std::string("abc"));
  Expected<std::string> copy = value;
  EXPECT_EQ(*copy, "abc");
  copy = Expected<std::string>(make_error_code(Errc::bad_key));
  value = copy;
  EXPECT_EQ(value.error(), Errc::bad_key);
}

}  // namespace
}  // namespace wirespan::test
