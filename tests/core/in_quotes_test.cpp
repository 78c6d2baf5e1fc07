// core/in_quotes.hpp: text from a peer, escaped for error texts and logs.
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <wirespan/core/in_quotes.hpp>

namespace wirespan::test {
namespace {

using namespace std::string_view_literals;

TEST(InQuotes, visible_text_and_blanks_stay_as_they_are) {
  EXPECT_EQ(in_quotes(""), "\"\"");
  EXPECT_EQ(in_quotes("http://a.example:80/x y"), "\"http://a.example:80/x y\"");
}

TEST(InQuotes, text_cannot_end_its_line_its_quotes_or_steer_a_terminal) {
  EXPECT_EQ(in_quotes("a\r\nb\0\x1b[31m\x7f"sv), R"("a\x0d\x0ab\x00\x1b[31m\x7f")");
  EXPECT_EQ(in_quotes("a\"b\\c"), R"("a\x22b\x5cc")");
  EXPECT_EQ(in_quotes("\xC3\xBC"), R"("\xc3\xbc")");
}

TEST(InQuotes, its_length_is_bounded) {
  const std::string full(limits::quoted_text, 'x');
  EXPECT_EQ(in_quotes(full), '"' + full + '"');
  EXPECT_EQ(in_quotes(full + "y"), '"' + full + "...\"");
  EXPECT_EQ(in_quotes("abcdef", 3), "\"abc...\"");
  EXPECT_LE(in_quotes(std::string(10'000, '\0')).size(), 4 * limits::quoted_text + 5);
}

}  // namespace
}  // namespace wirespan::test
