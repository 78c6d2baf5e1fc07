// core/headers.cpp, core/ascii.hpp: header lists, and the character classes of HTTP.
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/headers.hpp>

namespace wirespan::test {
namespace {

using Views = std::vector<std::string_view>;

TEST(Headers, R55_keep_order_and_spelling_and_compare_without_case) {
  Headers headers{{"Host", "h"}, {"X-A", "1"}};
  headers.add("x-a", "2");
  EXPECT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers.get("X-a"), "1");
  EXPECT_EQ(headers.get_all("x-A"), (Views{"1", "2"}));
  EXPECT_FALSE(headers.get("X-B"));
  EXPECT_TRUE(headers.get_all("X-B").empty());
  EXPECT_TRUE(headers.contains("HOST"));
  EXPECT_FALSE(headers.contains("Hos"));
  EXPECT_EQ(headers.begin()->name, "Host");
}

TEST(Headers, set_replaces_all_of_that_name) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  headers.set("A", "4");
  EXPECT_EQ(headers, (Headers{{"B", "2"}, {"A", "4"}}));
  headers.set("C", "5");
  EXPECT_EQ(headers.size(), 3U);
}

TEST(Headers, remove_takes_all_of_that_name) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  headers.remove("a");
  EXPECT_EQ(headers, (Headers{{"B", "2"}}));
  headers.remove("none");
  headers.remove("b");
  EXPECT_TRUE(headers.empty());
}

TEST(Headers, own_what_they_are_made_from) {
  Headers headers;
  {
    std::string name = "X-Long-Enough-To-Be-On-The-Heap";
    std::string value = "a value that is long enough to be on the heap";
    const std::array fields{HeaderField{name, value}};
    headers = Headers(fields);
  }
  EXPECT_EQ(headers.get("x-long-enough-to-be-on-the-heap"),
            "a value that is long enough to be on the heap");
}

TEST(Headers, R56_what_may_be_a_header_line) {
  EXPECT_TRUE(is_valid_header("X", ""));
  EXPECT_TRUE(is_valid_header("X-!#$%&'*+.^_`|~9", "a b\tc\xC3\xA9"));
  EXPECT_FALSE(is_valid_header("", "a"));
  EXPECT_FALSE(is_valid_header("X:", "a"));
  EXPECT_FALSE(is_valid_header("X Y", "a"));
  for (const char c : {'\r', '\n', '\0', '\x01', '\x1F', '\x7F'}) {
    EXPECT_FALSE(is_valid_header("X", std::string("a") + c)) << int{c};
    EXPECT_FALSE(is_valid_header(std::string("X") + c, "a")) << int{c};
  }
}

TEST(Headers, find_field_counts_and_gives_the_first) {
  const std::array fields{HeaderField{"A", "1"}, HeaderField{"B", "2"}, HeaderField{"a", "3"}};
  EXPECT_EQ(find_field(fields, "a").count, 2U);
  EXPECT_EQ(find_field(fields, "a").value, "1");
  EXPECT_EQ(find_field(fields, "b").count, 1U);
  EXPECT_EQ(find_field(fields, "c").count, 0U);
  EXPECT_TRUE(find_field(fields, "c").value.empty());
  EXPECT_EQ(find_field({}, "a").count, 0U);
}

Views elements_of(std::string_view list) {
  Views elements;
  while (const auto element = next_list_element(list)) elements.push_back(*element);
  EXPECT_TRUE(list.empty());
  return elements;
}

TEST(Headers, lists_are_split_at_commas_trimmed_and_without_empty_elements) {
  EXPECT_EQ(elements_of(""), Views{});
  EXPECT_EQ(elements_of(","), Views{});
  EXPECT_EQ(elements_of(" ,\t, "), Views{});
  EXPECT_EQ(elements_of("a"), Views{"a"});
  EXPECT_EQ(elements_of("a,b"), (Views{"a", "b"}));
  EXPECT_EQ(elements_of(" a ,,\tb c\t, "), (Views{"a", "b c"}));
}

TEST(Headers, R39_R40_tokens_are_compared_whole_and_without_case) {
  const std::array fields{HeaderField{"Connection", "keep-alive"}, HeaderField{"Other", "upgrade"},
                          HeaderField{"connection", "no-upgrade, Upgrade"}};
  EXPECT_TRUE(lists_token(fields, "CONNECTION", "upgrade"));
  EXPECT_TRUE(lists_token(fields, "Connection", "KEEP-ALIVE"));
  EXPECT_FALSE(lists_token(fields, "Connection", "grade"));
  EXPECT_FALSE(lists_token(fields, "Connection", "keep"));
  EXPECT_FALSE(lists_token(fields, "Connection", ""));
  EXPECT_FALSE(lists_token(fields, "None", "upgrade"));
}

TEST(Ascii, classes_of_every_character) {
  const std::string_view marks = "!#$%&'*+-.^_`|~";
  for (int value = 0; value < 256; ++value) {
    const char c = static_cast<char>(value);
    const bool digit = value >= '0' && value <= '9';
    const bool upper = value >= 'A' && value <= 'Z';
    const bool lower = value >= 'a' && value <= 'z';
    EXPECT_EQ(is_digit(c), digit) << value;
    EXPECT_EQ(is_alpha(c), upper || lower) << value;
    EXPECT_EQ(is_hex_digit(c),
              digit || (value >= 'A' && value <= 'F') || (value >= 'a' && value <= 'f'))
        << value;
    EXPECT_EQ(is_visible(c), value > 32 && value < 127) << value;
    const bool mark = value != 0 && marks.find(c) != std::string_view::npos;
    EXPECT_EQ(is_token_char(c), digit || upper || lower || mark) << value;
    EXPECT_EQ(is_field_value(std::string(1, c)), value == 9 || (value >= 32 && value != 127))
        << value;
    EXPECT_EQ(to_lower(c), upper ? static_cast<char>(value + 32) : c) << value;
  }
}

TEST(Ascii, case_folding_is_ascii_only) {
  EXPECT_TRUE(equal_ignoring_case("WebSocket", "wEBsOCKET"));
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("ab", "a"));
  EXPECT_FALSE(equal_ignoring_case("[", "{")) << "32 apart, but no letters";
  EXPECT_FALSE(equal_ignoring_case("k", "\xE2\x84\xAA")) << "Kelvin sign";
  EXPECT_FALSE(equal_ignoring_case("\xC9", "\xE9")) << "letters of Latin 1";
  EXPECT_EQ(to_lower(std::string_view("AbC-9\xC9")), "abc-9\xC9");
}

TEST(Ascii, trim_takes_blanks_and_tabs_and_nothing_else) {
  EXPECT_EQ(trim(" \t a \t b\t "), "a \t b");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\ra\n"), "\ra\n");
}

TEST(Ascii, a_token_has_at_least_one_character) {
  EXPECT_TRUE(is_token("a"));
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a b"));
  EXPECT_TRUE(is_field_value(""));
}

}  // namespace
}  // namespace wirespan::test
