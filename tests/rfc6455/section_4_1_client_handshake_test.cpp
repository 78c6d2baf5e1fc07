// RFC 6455 §4.1: the client's opening handshake - its request, and the responses it accepts.
#include <set>

#include "support/handshakes.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

std::string request_text(const ClientRequest& request) {
  EXPECT_FALSE(check_client_request(request)) << check_client_request(request).message();
  return build_request(request, sample_handshake_key());
}

/// Returns the values of all lines with this name, found without the code under test.
std::vector<std::string> lines(const std::string& head, const std::string& name) {
  std::vector<std::string> values;
  const std::string start = "\r\n" + name + ": ";
  for (auto at = head.find(start); at != std::string::npos; at = head.find(start, at + 1)) {
    const auto begin = at + start.size();
    values.push_back(head.substr(begin, head.find("\r\n", begin) - begin));
  }
  return values;
}

using Values = std::vector<std::string>;

// The request.

TEST(Section4_1Request, R13_R14_R15_the_whole_of_a_simple_request) {
  EXPECT_EQ(request_text({.host = "server.example.com", .target = "/chat?x=1"}),
            "GET /chat?x=1 HTTP/1.1\r\n"
            "Upgrade: websocket\r\n"
            "Host: server.example.com\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Connection: Upgrade\r\n"
            "\r\n");
}

TEST(Section4_1Request, R13_our_own_server_has_nothing_against_it) {
  const std::string text = request_text({.host = "h:81",
                                         .target = "/x",
                                         .origin = "http://h:81",
                                         .connection = "keep-alive, Upgrade",
                                         .cookie = "a=b",
                                         .subprotocols = {"chat", "superchat"},
                                         .headers = {{"X-One", "1"}, {"X-One", "2"}}});
  const auto verdict = server_verdict(text);
  ASSERT_TRUE(verdict.complete) << verdict.error.message();
  EXPECT_EQ(verdict.consumed, text.size());
  EXPECT_EQ(verdict.offer.target, "/x");
  EXPECT_EQ(verdict.offer.host, "h:81");
  EXPECT_EQ(verdict.offer.origin, "http://h:81");
  EXPECT_EQ(verdict.offer.subprotocols, (Values{"chat", "superchat"}));
  EXPECT_EQ(verdict.offer.headers.get_all("x-one"), (std::vector<std::string_view>{"1", "2"}));
}

TEST(Section4_1Request, R16_host_has_the_port_unless_it_is_the_default) {
  const struct {
    const char* url;
    const char* host;
  } rows[] = {
      {"ws://h/", "h"},         {"ws://h:80/", "h"},          {"wss://h/", "h"},
      {"wss://h:443/", "h"},    {"ws://h:443/", "h:443"},     {"wss://h:80/", "h:80"},
      {"ws://[::1]/", "[::1]"}, {"ws://[::1]:9/", "[::1]:9"},
  };
  for (const auto& row : rows) {
    const auto url = parse_url(row.url);
    ASSERT_TRUE(url);
    const std::string text = request_text({.host = url->authority(), .target = url->resource});
    EXPECT_EQ(lines(text, "Host"), Values{row.host}) << row.url;
  }
}

TEST(Section4_1Request, R17_R18_R20_R69_upgrade_connection_and_version_once_each) {
  const std::string text = request_text({.host = "h", .headers = {{"X-Other", "1"}}});
  EXPECT_EQ(lines(text, "Upgrade"), Values{"websocket"});
  EXPECT_EQ(lines(text, "Connection"), Values{"Upgrade"});
  EXPECT_EQ(lines(text, "Sec-WebSocket-Version"), Values{"13"});
}

TEST(Section4_1Request, R19_the_key_is_16_bytes_in_base64_and_another_for_other_bytes) {
  std::array<std::byte, 16> random{};
  const HandshakeKey zeros = make_key(random);
  EXPECT_EQ(std::string(zeros.data(), zeros.size()), "AAAAAAAAAAAAAAAAAAAAAA==");
  std::set<std::string> keys;
  for (unsigned bit = 0; bit < 128; ++bit) {
    random = {};
    random[bit / 8] = static_cast<std::byte>(1U << (bit % 8));
    const HandshakeKey key = make_key(random);
    keys.emplace(key.data(), key.size());
    EXPECT_TRUE(is_valid_key({key.data(), key.size()}));
  }
  EXPECT_EQ(keys.size(), 128U) << "every random bit is in the key";
  EXPECT_EQ(lines(request_text({.host = "h"}), "Sec-WebSocket-Key"),
            Values{std::string(sample_key)});
}

TEST(Section4_1Request, R21_subprotocols_in_order_of_preference) {
  EXPECT_EQ(lines(request_text({.host = "h", .subprotocols = {"b", "a", "c.d"}}),
                  "Sec-WebSocket-Protocol"),
            Values{"b,a,c.d"});
  EXPECT_TRUE(lines(request_text({.host = "h"}), "Sec-WebSocket-Protocol").empty());
}

TEST(Section4_1Request, R21_subprotocols_are_different_tokens) {
  const std::vector<std::vector<std::string>> bad{
      {""},    {"a b"},      {"a", "b", "a"}, {"a,b"}, {"a\r\nX-Evil: 1"},
      {"a/b"}, {"\xC3\xA9"}, {"a", ""}};
  for (const auto& subprotocols : bad) {
    const ClientRequest request{.host = "h", .subprotocols = subprotocols};
    EXPECT_EQ(check_client_request(request), Errc::invalid_subprotocol) << subprotocols.back();
  }
}

TEST(Section4_1Request, R22_nothing_follows_the_request) {
  const ClientHandshake handshake(simple_client_request(), sample_handshake_key());
  const std::string text = handshake.request_bytes();
  EXPECT_EQ(text.find("\r\n\r\n"), text.size() - 4);
}

struct BadRequestCase {
  std::string name;
  ClientRequest request;
  Errc error;
};

void PrintTo(const BadRequestCase& row, std::ostream* out) { *out << row.name; }

class Section4_1BadRequest : public ::testing::TestWithParam<BadRequestCase> {};

TEST_P(Section4_1BadRequest, is_refused_before_a_byte_is_written) {
  EXPECT_EQ(check_client_request(GetParam().request), GetParam().error);
}

BadRequestCase with_header(std::string name, std::string field, std::string value,
                           Errc error = Errc::invalid_header) {
  return {std::move(name), {.host = "h", .headers = {{std::move(field), std::move(value)}}}, error};
}

std::vector<BadRequestCase> bad_requests() {
  return {
      {"R13_no_host", {}, Errc::invalid_header},
      {"R13_host_with_a_line_break", {.host = "h\r\nX-Evil: 1"}, Errc::invalid_header},
      {"R13_host_with_a_user", {.host = "u@h"}, Errc::invalid_header},
      {"R13_origin_with_a_line_break", {.host = "h", .origin = "x\r\ny"}, Errc::invalid_header},
      {"R13_cookie_with_a_line_feed", {.host = "h", .cookie = "a=b\nc"}, Errc::invalid_header},
      {"R13_connection_with_a_line_break",
       {.host = "h", .connection = "Upgrade\r\nX: 1"},
       Errc::invalid_header},
      {"R18_connection_without_upgrade",
       {.host = "h", .connection = "keep-alive"},
       Errc::invalid_header},
      {"R15_target_with_a_blank", {.host = "h", .target = "/a b"}, Errc::invalid_url},
      {"R15_target_with_a_line_break", {.host = "h", .target = "/\r\n"}, Errc::invalid_url},
      {"R15_target_that_is_no_path", {.host = "h", .target = "x"}, Errc::invalid_url},
      {"R3_R15_target_with_a_fragment", {.host = "h", .target = "/x#y"}, Errc::invalid_url},
      {"R15_no_target", {.host = "h", .target = ""}, Errc::invalid_url},
      with_header("R13_R56_value_with_a_line_break", "X", "1\r\nEvil: 1"),
      with_header("R13_R56_value_with_a_carriage_return", "X", "1\rEvil: 1"),
      with_header("R13_R56_value_with_a_zero_byte", "X", std::string("a\0b", 3)),
      with_header("R13_name_with_a_blank", "X Y", "1"),
      with_header("R13_name_with_a_colon", "X:", "1"),
      with_header("R13_name_with_a_line_break", "X\r\nY", "1"),
      with_header("R13_no_name", "", "1"),
      with_header("R16_host_header_that_is_none", "Host", "a b"),
      with_header("R17_an_upgrade_of_ones_own", "upgrade", "h2c", Errc::reserved_header),
      with_header("R18_a_connection_of_ones_own", "Connection", "close", Errc::reserved_header),
      with_header("R19_a_key_that_is_none", "Sec-WebSocket-Key", "short"),
      with_header("R20_another_version", "Sec-WebSocket-Version", "8"),
      with_header("R21_subprotocols_past_the_option", "sec-websocket-protocol", "x",
                  Errc::reserved_header),
      with_header("R13_extensions", "Sec-WebSocket-Extensions", "x", Errc::reserved_header),
      with_header("R13_a_body", "Content-Length", "5", Errc::reserved_header),
      with_header("R13_a_chunked_body", "Transfer-Encoding", "chunked", Errc::reserved_header),
      {"R16_two_hosts",
       {.host = "h", .headers = {{"Host", "a"}, {"host", "b"}}},
       Errc::invalid_header},
  };
}
INSTANTIATE_TEST_SUITE_P(Rows, Section4_1BadRequest, ::testing::ValuesIn(bad_requests()),
                         case_name<BadRequestCase>);

// The response.

class Section4_1Response : public ::testing::TestWithParam<ResponseCase> {};

TEST_P(Section4_1Response, is_judged_the_same_however_it_is_cut) {
  expect_in_every_chopping(GetParam());
}

/// Returns the valid response with one line replaced; an empty `line` removes it.
ResponseCase spoilt(std::string name, std::string_view start, std::string_view line,
                    std::error_code error = {}) {
  return {
      .name = std::move(name), .text = with_line(valid_response(), start, line), .error = error};
}

ResponseCase extended(std::string name, std::string line, std::error_code error = {}) {
  return {
      .name = std::move(name), .text = adding(valid_response(), {std::move(line)}), .error = error};
}

std::vector<ResponseCase> status_line_rows() {
  const Errc malformed = Errc::malformed_start_line;
  const auto first_line = [](const char* name, const char* line, std::error_code error = {}) {
    return spoilt(name, "HTTP/1.1", line, error);
  };
  return {
      {.name = "R29_the_valid_one", .text = valid_response()},
      first_line("R34_empty_reason", "HTTP/1.1 101 "),
      first_line("R34_no_blank_after_the_status", "HTTP/1.1 101"),
      first_line("R34_any_reason", "HTTP/1.1 101 Web Socket \xC3\xA9\tok"),
      first_line("R34_a_later_minor_version", "HTTP/1.2 101 Switching Protocols"),
      first_line("R34_two_digits", "HTTP/1.1 10 x", malformed),
      first_line("R34_four_digits", "HTTP/1.1 1010 x", malformed),
      first_line("R34_letters", "HTTP/1.1 1o1 x", malformed),
      first_line("R34_signed", "HTTP/1.1 +101 x", malformed),
      first_line("R34_two_blanks", "HTTP/1.1  101 x", malformed),
      first_line("R34_blank_at_the_front", " HTTP/1.1 101 x", malformed),
      first_line("R34_tab", "HTTP/1.1\t101 x", malformed),
      first_line("R34_zero_status", "HTTP/1.1 000 x", malformed),
      first_line("R34_no_status", "HTTP/1.1", malformed),
      first_line("R34_lower_case", "http/1.1 101 x", malformed),
      first_line("R34_version_1x1", "HTTP/1x1 101 x", malformed),
      first_line("R34_version_without_a_minor_number", "HTTP/2 101 x", Errc::bad_http_version),
      first_line("R34_another_protocol", "ICY 200 OK", malformed),
      first_line("R29_http_1_0", "HTTP/1.0 101 x", Errc::bad_http_version),
      first_line("R29_http_2", "HTTP/2.0 101 x", Errc::bad_http_version),
      first_line("R29_control_character_in_the_reason", "HTTP/1.1 101 a\x01", malformed),
      {.name = "R29_an_empty_line_first", .text = "\r\n" + valid_response(), .error = malformed},
      {.name = "R29_frames_instead_of_a_head", .text = "\x81\x05Hello", .error = malformed},
  };
}
INSTANTIATE_TEST_SUITE_P(StatusLine, Section4_1Response, ::testing::ValuesIn(status_line_rows()),
                         case_name<ResponseCase>);

std::vector<ResponseCase> handshake_field_rows() {
  const Errc upgrade = Errc::missing_upgrade;
  const Errc connection = Errc::missing_connection_upgrade;
  return {
      spoilt("R24_no_upgrade", "Upgrade:", "", upgrade),
      spoilt("R24_another_protocol", "Upgrade:", "Upgrade: h2c", upgrade),
      spoilt("R24_a_longer_word", "Upgrade:", "Upgrade: websockets", upgrade),
      spoilt("R24_a_list", "Upgrade:", "Upgrade: websocket, h2c", upgrade),
      spoilt("R24_any_case", "Upgrade:", "Upgrade: WebSocket"),
      extended("R24_twice", "Upgrade: websocket", upgrade),
      spoilt("R25_no_connection", "Connection:", "", connection),
      spoilt("R25_other_token", "Connection:", "Connection: keep-alive", connection),
      spoilt("R25_part_of_a_word", "Connection:", "Connection: no-upgrade", connection),
      spoilt("R25_in_a_list", "Connection:", "Connection: keep-alive ,\tUPGRADE"),
      spoilt("R25_in_a_list_with_empty_elements", "Connection:", "Connection: ,, Upgrade , ,"),
      extended("R25_an_empty_list_beside_it", "Connection:"),
      spoilt("R25_an_empty_list_alone", "Connection:", "Connection: ,", connection),
      spoilt("R25_R55_name_in_other_case", "Connection:", "cONNECTION: upgrade"),
      spoilt("R26_no_accept", "Sec-WebSocket-Accept:", "", Errc::bad_accept),
      spoilt("R26_empty_accept",
             "Sec-WebSocket-Accept:", "Sec-WebSocket-Accept:", Errc::bad_accept),
      spoilt("R26_accept_of_another_key", "Sec-WebSocket-Accept:",
             "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=", Errc::bad_accept),
      spoilt("R26_accept_in_other_case", "Sec-WebSocket-Accept:",
             "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=", Errc::bad_accept),
      spoilt("R26_accept_with_more_behind", "Sec-WebSocket-Accept:",
             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=x", Errc::bad_accept),
      spoilt("R26_the_key_sent_back", "Sec-WebSocket-Accept:",
             "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==", Errc::bad_accept),
      spoilt("R26_blanks_around_accept",
             "Sec-WebSocket-Accept:", "Sec-WebSocket-Accept: \t s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \t"),
      extended("R31_accept_twice",
               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", Errc::repeated_field),
      {.name = "R31_extensions_twice",
       .text =
           adding(valid_response(), {"Sec-WebSocket-Extensions: a", "Sec-WebSocket-Extensions: b"}),
       .error = Errc::repeated_field},
      extended("R27_an_extension", "Sec-WebSocket-Extensions: permessage-deflate",
               Errc::unrequested_extension),
      extended("R28_a_subprotocol_nobody_asked_for", "Sec-WebSocket-Protocol: chat",
               Errc::unrequested_subprotocol),
  };
}
INSTANTIATE_TEST_SUITE_P(HandshakeFields, Section4_1Response,
                         ::testing::ValuesIn(handshake_field_rows()), case_name<ResponseCase>);

std::vector<ResponseCase> field_rows() {
  return {
      extended("R58_blank_before_the_colon", "X : 1", Errc::malformed_field),
      extended("R29_folded_line", "X: 1\r\n 2", Errc::malformed_field),
      extended("R29_line_without_a_colon", "Hello", Errc::malformed_field),
      extended("R29_line_without_a_name", ": 1", Errc::malformed_field),
      extended("R56_R60_carriage_return_in_a_value", "X: a\rb", Errc::malformed_field),
      extended("R56_zero_byte_in_a_value", "X: a" + std::string(1, '\0'), Errc::malformed_field),
      extended("R56_line_feed_alone", "X: a\nY: b", Errc::malformed_field),
  };
}
INSTANTIATE_TEST_SUITE_P(Fields, Section4_1Response, ::testing::ValuesIn(field_rows()),
                         case_name<ResponseCase>);

std::vector<ResponseCase> subprotocol_rows() {
  std::vector<ResponseCase> rows{
      extended("R28_one_of_the_offered", "Sec-WebSocket-Protocol: b"),
      extended("R28_another", "Sec-WebSocket-Protocol: c", Errc::unrequested_subprotocol),
      extended("R28_in_other_case", "Sec-WebSocket-Protocol: B", Errc::unrequested_subprotocol),
      extended("R28_two_of_the_offered", "Sec-WebSocket-Protocol: a, b",
               Errc::unrequested_subprotocol),
      extended("R28_an_empty_one_chooses_nothing", "Sec-WebSocket-Protocol:"),
      extended("R28_a_list_of_nothing_chooses_nothing", "Sec-WebSocket-Protocol: , ,"),
      {.name = "R31_protocol_twice",
       .text = adding(valid_response(), {"Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: a"}),
       .error = Errc::repeated_field},
      {.name = "R28_none_is_legal", .text = valid_response()},
  };
  for (ResponseCase& row : rows) row.request.subprotocols = {"a", "b"};
  ResponseCase required{.name = "none_although_one_is_required",
                        .text = valid_response(),
                        .error = Errc::missing_subprotocol};
  required.request.subprotocols = {"a"};
  required.request.require_subprotocol = true;
  rows.push_back(required);
  required.name = "an_empty_one_although_one_is_required";
  required.text = adding(valid_response(), {"Sec-WebSocket-Protocol:"});
  rows.push_back(required);
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Subprotocols, Section4_1Response, ::testing::ValuesIn(subprotocol_rows()),
                         case_name<ResponseCase>);

}  // namespace
}  // namespace wirespan::test
