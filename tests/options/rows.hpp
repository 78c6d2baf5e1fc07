// rows.hpp - tables of options: each field of an aggregate is a row, with values and what is
// observed with each.
#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "options/field_count.hpp"

/// A table is an array of OptionRow<Options>, made by OPTION(field) in a scope with a type
/// `Options`; WIRESPAN_OPTION_TABLE declares its tests. A row has the values of its type that break
/// things: 0, 1, the default, the maximum, unset, a negative time. A value that a row lacks must be
/// that of another test, whose name is in the row. option_rows.py compares rows and tests with the
/// sources.
namespace wirespan::test {

template <class Type>
struct IsOptional : std::false_type {};
template <class Type>
struct IsOptional<std::optional<Type>> : std::true_type {
  using Value = Type;
};
template <class Type>
struct IsDuration : std::false_type {};
template <class Rep, class Period>
struct IsDuration<std::chrono::duration<Rep, Period>> : std::true_type {};

/// Returns the values that a row of this type has to have; none for a type without an order.
template <class Value>
std::vector<Value> required_values(const Value& standard) {
  if constexpr (std::is_same_v<Value, bool>) {
    return {false, true};
  } else if constexpr (std::is_arithmetic_v<Value>) {
    return {Value(0), Value(1), standard, std::numeric_limits<Value>::max()};
  } else if constexpr (IsDuration<Value>::value) {
    return {Value::min(), Value(0), Value(1), standard, Value::max()};
  } else if constexpr (IsOptional<Value>::value) {
    std::vector<Value> all{standard};
    using Inner = typename IsOptional<Value>::Value;
    if constexpr (IsDuration<Inner>::value) {
      for (const Inner& value : required_values(Inner(1))) all.emplace_back(value);
    }
    return all;
  } else {
    return {};
  }
}

template <class Value>
std::string shown(const Value& value) {
  if constexpr (IsDuration<Value>::value) {
    return std::to_string(value.count()) + " ticks";
  } else if constexpr (IsOptional<Value>::value) {
    if (!value) return "unset";
    return shown(*value);
  } else if constexpr (std::is_arithmetic_v<Value>) {
    return std::to_string(value);
  } else if constexpr (std::convertible_to<Value, std::string_view>) {
    return '"' + std::string(std::string_view(value).substr(0, 40)) + '"';
  } else {
    return "a value";
  }
}

/// A value of an option, and the text that the row's observation has to say with it.
template <class Value>
struct Expecting {
  Value value;
  std::string text;
};

/// The name of a test that has the values which a row lacks.
struct CoveredBy {
  std::string_view test;
};

template <class Options>
class OptionRow {
 public:
  /// Sees how the library behaves with the options, and says it.
  using Observe = std::function<std::string(const Options&)>;

  /// A row with values of its own.
  template <class Value>
  OptionRow(std::string_view field, Value Options::*member, Observe observe,
            std::initializer_list<Expecting<std::type_identity_t<Value>>> values,
            CoveredBy more = {})
      : field_(field), test_(more.test), observe_(std::move(observe)) {
    for (const auto& one : values) {
      cases_.push_back({.name = shown(one.value),
                        .set = [member, value = one.value](Options& o) { o.*member = value; },
                        .expected = one.text});
    }
    if constexpr (std::equality_comparable<Value>) {
      for (const Value& required : required_values(Options{}.*member)) {
        bool is_there = false;
        for (const auto& one : values) is_there = is_there || one.value == required;
        if (!is_there) missing_ += " " + shown(required);
      }
    }
  }
  /// A row all of whose values are in another test.
  template <class Value>
  OptionRow(std::string_view field, Value Options::* /*member*/, CoveredBy elsewhere)
      : field_(field), test_(elsewhere.test) {}

  [[nodiscard]] std::string_view field() const { return field_; }

  void check() const {
    EXPECT_TRUE(missing_.empty() || !test_.empty()) << field_ << " has no row for" << missing_;
    EXPECT_TRUE(!cases_.empty() || !test_.empty()) << field_ << " has no value";
    for (const Case& one : cases_) {
      Options options;
      one.set(options);
      EXPECT_EQ(observe_(options), one.expected) << field_ << " = " << one.name;
    }
  }

 private:
  struct Case {
    std::string name;
    std::function<void(Options&)> set;
    std::string expected;
  };
  std::string_view field_;
  std::string_view test_;
  Observe observe_;
  std::vector<Case> cases_;
  std::string missing_;
};

#define OPTION(field) #field, &Options::field

/// Declares the tests of a table: one for each row. The static_assert is what a new option meets
/// first.
#define WIRESPAN_OPTION_TABLE(Suite, rows)                                                        \
  static_assert(field_count<Options>() == std::size(rows),                                        \
                "a new option needs a row in this table, with what its comment says about 0, 1, " \
                "the default, the maximum, unset and negative values");                           \
  class Suite : public ::testing::TestWithParam<std::size_t> {};                                  \
  TEST_P(Suite, each_value_does_what_its_comment_says) { (rows)[GetParam()].check(); }            \
  INSTANTIATE_TEST_SUITE_P(Of, Suite, ::testing::Range(std::size_t{0}, std::size(rows)),          \
                           [](const ::testing::TestParamInfo<std::size_t>& info) {                \
                             return std::string((rows)[info.param].field());                      \
                           })

}  // namespace wirespan::test
