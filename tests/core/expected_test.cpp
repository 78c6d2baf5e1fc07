// core/expected.hpp: a value or an error code.
#include <memory>
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

}  // namespace
}  // namespace wirespan::test
