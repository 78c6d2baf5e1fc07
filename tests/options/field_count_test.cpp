// field_count_test.cpp - the counter of fields.
#include "options/field_count.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wirespan::test {
namespace {

struct NoField {};
struct Inner {
  int a = 1;
  std::optional<Inner*> b{};
};
struct OfEachKind {
  int number = 7;
  bool flag = false;
  Inner nested{};
  int array[3] = {};
  std::optional<std::string> optional{};
  std::function<void(int)> function{};
  std::unique_ptr<int> moves_only{};
  std::vector<std::string> list{};
  const char* text = nullptr;
};
struct OneMore : OfEachKind {
  int more = 0;
};
struct SixtyFour {
  Inner a1{}, a2{}, a3{}, a4{}, a5{}, a6{}, a7{}, a8{}, b1{}, b2{}, b3{}, b4{}, b5{}, b6{}, b7{};
  Inner b8{}, c1{}, c2{}, c3{}, c4{}, c5{}, c6{}, c7{}, c8{}, d1{}, d2{}, d3{}, d4{}, d5{}, d6{};
  Inner d7{}, d8{}, e1{}, e2{}, e3{}, e4{}, e5{}, e6{}, e7{}, e8{}, f1{}, f2{}, f3{}, f4{}, f5{};
  Inner f6{}, f7{}, f8{}, g1{}, g2{}, g3{}, g4{}, g5{}, g6{}, g7{}, g8{}, h1{}, h2{}, h3{}, h4{};
  Inner h5{}, h6{}, h7{}, h8{};
};

static_assert(field_count<NoField>() == 0);
static_assert(field_count<Inner>() == 2);
static_assert(field_count<SixtyFour>() == 64);

TEST(FieldCount, counts_fields_of_each_kind_once_and_a_base_as_one) {
  EXPECT_EQ(field_count<OfEachKind>(), 9U);
  EXPECT_EQ(field_count<OneMore>(), 2U);
}

}  // namespace
}  // namespace wirespan::test
