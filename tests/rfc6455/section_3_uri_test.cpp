// RFC 6455 §3: WebSocket URIs.
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/every_cut.hpp"
#include <wirespan/core/client_handshake.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan::test {
namespace {

struct UrlCase {
  std::string name;
  std::string text;
  bool secure = false;
  std::string host{};
  std::uint16_t port = 0;
  std::string resource{};
  std::string authority{};
};

void PrintTo(const UrlCase& row, std::ostream* out) { *out << row.text; }

class Section3 : public ::testing::TestWithParam<UrlCase> {};

TEST_P(Section3, is_taken_apart) {
  const UrlCase& row = GetParam();
  const ExactCopy text(wire_bytes(row.text));
  const auto url = parse_url(wire_text(text.bytes()));
  ASSERT_TRUE(url);
  EXPECT_EQ(url->secure, row.secure);
  EXPECT_EQ(url->host, row.host);
  EXPECT_EQ(url->port, row.port);
  EXPECT_EQ(url->resource, row.resource);
  EXPECT_EQ(url->authority(), row.authority);
}

const UrlCase good_urls[] = {
    {"R1_R2_ws", "ws://h/", false, "h", 80, "/", "h"},
    {"R1_R2_wss", "wss://h/", true, "h", 443, "/", "h"},
    {"R1_scheme_in_capitals", "WS://h/", false, "h", 80, "/", "h"},
    {"R1_scheme_in_mixed_case", "wSs://h/", true, "h", 443, "/", "h"},
    {"R2_explicit_default_port", "ws://h:80/", false, "h", 80, "/", "h"},
    {"R2_explicit_default_port_of_wss", "wss://h:443/", true, "h", 443, "/", "h"},
    {"R2_the_other_schemes_port", "ws://h:443/", false, "h", 443, "/", "h:443"},
    {"R2_port_80_on_wss", "wss://h:80/", true, "h", 80, "/", "h:80"},
    {"R2_empty_port", "wss://h:/x", true, "h", 443, "/x", "h"},
    {"R2_port_zero", "ws://h:0/", false, "h", 80, "/", "h"},
    {"R4_no_path", "ws://h", false, "h", 80, "/", "h"},
    {"R4_no_path_but_a_query", "ws://h?a=b", false, "h", 80, "/?a=b", "h"},
    {"R4_empty_query", "ws://h/x?", false, "h", 80, "/x?", "h"},
    {"R4_path_and_query", "ws://h/a/b?c=d&e=f?g/h", false, "h", 80, "/a/b?c=d&e=f?g/h", "h"},
    {"R4_parameters_of_a_segment", "ws://h/a;b=1/c;d", false, "h", 80, "/a;b=1/c;d", "h"},
    {"R4_nothing_is_decoded_or_shortened", "ws://h/%2e%2E//../x%23", false, "h", 80,
     "/%2e%2E//../x%23", "h"},
    {"R4_case_of_the_path_is_kept", "ws://HOST/PaTh?Q", false, "host", 80, "/PaTh?Q", "host"},
    {"R5_ipv6", "ws://[::1]/", false, "::1", 80, "/", "[::1]"},
    {"R5_ipv6_and_port", "ws://[2001:DB8::2]:9001/x", false, "2001:db8::2", 9001, "/x",
     "[2001:db8::2]:9001"},
    {"R5_ipv4_in_ipv6", "ws://[::ffff:10.0.0.1]/", false, "::ffff:10.0.0.1", 80, "/",
     "[::ffff:10.0.0.1]"},
    {"R5_ipv4", "ws://127.0.0.1:8080", false, "127.0.0.1", 8080, "/", "127.0.0.1:8080"},
    {"R5_highest_port", "ws://h:65535/", false, "h", 65535, "/", "h:65535"},
    {"R5_port_with_zeros", "ws://h:00081/", false, "h", 81, "/", "h:81"},
    {"R5_user_is_not_part_of_host", "ws://user:pw@h:81/", false, "h", 81, "/", "h:81"},
    {"R5_trailing_dot_of_the_host", "ws://h.example./", false, "h.example.", 80, "/", "h.example."},
    {"R5_zone_is_not_part_of_host", "ws://[fe80::1%25eth0]:81/", false, "fe80::1", 81, "/",
     "[fe80::1]:81"},
    {"R7_blank_is_encoded", "ws://h/a b?c d", false, "h", 80, "/a%20b?c%20d", "h"},
    {"R7_byte_above_7f_is_encoded", "ws://h/\xC3\xA9?\xE2\x82\xAC", false, "h", 80,
     "/%C3%A9?%E2%82%AC", "h"},
    {"R7_quotes_are_encoded", "ws://h/\"x\"", false, "h", 80, "/%22x%22", "h"},
    {"R7_angle_brackets_are_encoded", "ws://h/<x>", false, "h", 80, "/%3Cx%3E", "h"},
    {"R7_brackets_are_kept", "ws://h/[x]?filter[]=a", false, "h", 80, "/[x]?filter[]=a", "h"},
    {"R6_well_known", "wss://h/.well-known/x", true, "h", 443, "/.well-known/x", "h"},
};
INSTANTIATE_TEST_SUITE_P(Good, Section3, ::testing::ValuesIn(good_urls), case_name<UrlCase>);

struct BadUrlCase {
  std::string name;
  std::string text;
};

void PrintTo(const BadUrlCase& row, std::ostream* out) { *out << row.text; }

class Section3Bad : public ::testing::TestWithParam<BadUrlCase> {};

TEST_P(Section3Bad, is_refused) {
  const ExactCopy text(wire_bytes(GetParam().text));
  const auto url = parse_url(wire_text(text.bytes()));
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error(), Errc::invalid_url);
  EXPECT_EQ(url.error(), Condition::misuse);
}

const BadUrlCase bad_urls[] = {
    {"R1_http", "http://h/"},
    {"R1_https", "https://h/"},
    {"R1_longer_scheme", "wsss://h/"},
    {"R1_shorter_scheme", "w://h/"},
    {"R1_no_scheme", "//h/"},
    {"R1_blank_before_the_scheme", " ws://h/"},
    {"R1_unicode_look_alike", "w\xC5\xBF://h/"},
    {"R3_fragment", "ws://h/x#y"},
    {"R3_empty_fragment", "ws://h/x#"},
    {"R3_fragment_behind_the_host", "ws://h#y"},
    {"R3_fragment_in_the_query", "ws://h/?a#b"},
    {"R5_port_too_high", "ws://h:65536/"},
    {"R5_port_that_wraps_16_bits", "ws://h:65616/"},
    {"R5_port_that_wraps_64_bits", "ws://h:18446744073709551696/"},
    {"R5_negative_port", "ws://h:-1/"},
    {"R5_signed_port", "ws://h:+80/"},
    {"R5_hexadecimal_port", "ws://h:0x50/"},
    {"R5_blank_in_the_port", "ws://h: 80/"},
    {"R5_two_ports", "ws://h:80:81/"},
    {"R5_ipv6_without_brackets", "ws://::1/"},
    {"R5_bracket_never_closed", "ws://[::1/"},
    {"R5_bracket_never_opened", "ws://::1]/"},
    {"R5_text_behind_the_bracket", "ws://[::1]x/"},
    {"R5_nothing_in_brackets", "ws://[]/"},
    {"R5_name_in_brackets", "ws://[h]/"},
    {"R5_two_users", "ws://a@b@h/"},
    {"R7_nothing", ""},
    {"R7_only_a_scheme", "ws:"},
    {"R7_half_the_slashes", "ws:/h"},
    {"R7_no_host", "ws://"},
    {"R7_no_host_but_a_path", "ws:///x"},
    {"R7_no_host_but_a_port", "ws://:80/"},
    {"R7_no_host_but_a_user", "ws://user@/"},
    {"R7_blank_in_the_host", "ws://h h/"},
    {"R7_tab", "ws://h/a\tb"},
    {"R7_line_break_in_the_path", "ws://h/x HTTP/1.1\r\nX-Evil: 1"},
    {"R7_line_break_in_the_host", "ws://h\r\nX-Evil: 1/"},
    {"R7_line_break_in_the_user", "ws://u\r\n@h/"},
    {"R7_zero_byte", std::string("ws://h/\0x", 9)},
    {"R7_byte_above_7f_in_the_host", "ws://h\xC3\xA9/"},
    {"R7_half_a_percent_triplet_in_the_query", "ws://h/?%4"},
    {"R7_no_utf8_in_the_path", "ws://h/\xC3"},
    {"R7_no_utf8_in_the_query", "ws://h/?\xFF"},
    {"R7_delete", "ws://h/\x7F"},
    {"R7_line_break_at_the_end", "ws://h/\n"},
    {"R7_half_a_percent_triplet", "ws://h/%4"},
    {"R7_percent_alone", "ws://h/%"},
    {"R7_percent_and_no_digits", "ws://h/%zz"},
    {"R7_percent_in_the_host_and_no_digits", "ws://h%z/"},
    {"R7_backslash", "ws://h\\@evil/"},
};
INSTANTIATE_TEST_SUITE_P(Bad, Section3Bad, ::testing::ValuesIn(bad_urls), case_name<BadUrlCase>);

TEST(Section3Request, R4_R5_what_reaches_the_request_is_resource_and_host) {
  const auto url = parse_url("ws://user:secret@Example.com:81/.well-known/x;p?q=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->userinfo, "user:secret");
  const ClientRequest request{.host = url->authority(), .target = url->resource};
  ASSERT_FALSE(check_client_request(request));
  const std::string text = build_request(request, HandshakeKey{});
  EXPECT_TRUE(text.starts_with("GET /.well-known/x;p?q=1 HTTP/1.1\r\n"));
  EXPECT_NE(text.find("\r\nHost: example.com:81\r\n"), std::string::npos);
  EXPECT_EQ(text.find("secret"), std::string::npos);
}

/// A truncated URL must not make the parser read beyond its end.
TEST(Section3Request, R7_every_prefix_of_an_address_is_judged_without_reading_beyond_it) {
  const std::string text = "wss://u:p@[::1]:443/a%20b?c=d";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const ExactCopy prefix(wire_bytes(text).first(size));
    const auto url = parse_url(wire_text(prefix.bytes()));
    EXPECT_TRUE(!url || !url->host.empty()) << size;
    EXPECT_TRUE(!url || size > std::string_view("wss://").size()) << size;
  }
}

}  // namespace
}  // namespace wirespan::test
