// core/extensions.cpp: parsing Sec-WebSocket-Extensions in one pass, without reading beyond the
// text.
#include <chrono>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "support/guard_page.hpp"
#include "support/processor_time.hpp"
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/extensions.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan::test {
namespace {

std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += part;
  return text;
}

TEST(Extensions, floods_are_judged_in_one_pass) {
  const std::string floods[] = {"a; b=\"" + repeated("\\c", 100'000),
                                "a; b=\"" + repeated("\\\"", 100'000),
                                "a; b=\"" + repeated("\\c", 100'000) + "\"",
                                repeated(" ", 200'000),
                                std::string("a").append(repeated(" ", 200'000)).append("b"),
                                repeated(",", 200'000),
                                "a; b=" + repeated("x", 200'000),
                                "a; b=" + repeated("\"", 200'000)};
  for (const std::string& text : floods) {
    const auto start = processor_time();
    (void)parse_extensions(text);
    EXPECT_LT(processor_time() - start, std::chrono::seconds(1)) << text.substr(0, 10);
  }
}

TEST(Extensions, R122_extensions_and_parameters_are_counted_together) {
  const std::size_t limit = limits::extension_elements;
  EXPECT_TRUE(parse_extensions(repeated("a,", limit)));
  EXPECT_FALSE(parse_extensions(repeated("a,", limit + 1)));
  EXPECT_TRUE(parse_extensions(std::string("a").append(repeated(";b=c", limit - 1))));
  EXPECT_EQ(parse_extensions(std::string("a").append(repeated(";b=c", limit))).error(),
            Errc::bad_extensions);
  EXPECT_FALSE(parse_extensions(
      std::string("a").append(repeated(";b", limit / 2)).append(repeated(",a", limit / 2))));
}

TEST(Extensions, a_flood_of_quoted_pairs_is_one_value) {
  const auto extensions = parse_extensions("a; b=\"" + repeated("\\c", 5000) + "\"");
  ASSERT_TRUE(extensions);
  ASSERT_EQ(extensions->size(), 1U);
  EXPECT_EQ((*extensions)[0].parameters.at(0).value, std::string(5000, 'c'));
}

/// Random text: a list that parses consists of tokens only, and no read leaves the text.
TEST(Extensions, R51_whatever_passes_consists_of_tokens) {
  std::mt19937 random(9);
  const std::string alphabet = "ab;=,\"\\ \t\x01\xFF";
  int passed = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string text;
    for (auto size = random() % 12; size > 0; --size) text += alphabet[random() % alphabet.size()];
    const GuardedBytes guarded(wire_bytes(text));
    const auto extensions = parse_extensions(wire_text(guarded.bytes()));
    if (!extensions) {
      ASSERT_EQ(extensions.error(), Errc::bad_extensions);
      continue;
    }
    for (const Extension& extension : *extensions) {
      ++passed;
      ASSERT_TRUE(is_token(extension.name)) << text;
      for (const auto& [name, value] : extension.parameters) {
        ASSERT_TRUE(is_token(name) && (!value || is_token(*value))) << text;
      }
    }
  }
  EXPECT_GT(passed, 300);
}

}  // namespace
}  // namespace wirespan::test
