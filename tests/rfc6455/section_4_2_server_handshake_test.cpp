// RFC 6455 §4.2.1: the requests that a server accepts. RFC 9110 and RFC 9112 for their HTTP.
#include "support/handshakes.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

class Section4_2Request : public ::testing::TestWithParam<RequestCase> {};

TEST_P(Section4_2Request, is_judged_the_same_however_it_is_cut) {
  expect_in_every_chopping(GetParam());
}

/// Returns the valid request with one line replaced; an empty `line` removes it.
RequestCase spoilt(std::string name, std::string_view start, std::string_view line,
                   std::error_code error = {}, int status = 400) {
  return {.name = std::move(name),
          .text = with_line(valid_request(), start, line),
          .error = error,
          .status = status};
}

RequestCase extended(std::string name, std::initializer_list<std::string> lines,
                     std::error_code error = {}, int status = 400) {
  return {.name = std::move(name),
          .text = adding(valid_request(), lines),
          .error = error,
          .status = status};
}

/// Returns the valid request with `prefix` before it.
std::string behind(std::string_view prefix) { return std::string(prefix).append(valid_request()); }

RequestCase first_line(std::string name, std::string_view line, std::error_code error = {},
                       int status = 400) {
  return spoilt(std::move(name), "GET ", line, error, status);
}

std::vector<RequestCase> start_line_rows() {
  const Errc malformed = Errc::malformed_start_line;
  const Errc version = Errc::bad_http_version;
  return {
      {.name = "R36_the_valid_one", .text = valid_request()},
      first_line("R36_R37_post", "POST /chat HTTP/1.1", Errc::bad_method, 405),
      first_line("R36_R37_connect", "CONNECT h:80 HTTP/1.1", Errc::bad_method, 405),
      first_line("R36_R37_get_in_lower_case", "get /chat HTTP/1.1", Errc::bad_method, 405),
      first_line("R36_R37_R68_http_1_0", "GET /chat HTTP/1.0", version, 505),
      first_line("R37_http_0_9", "GET /chat HTTP/0.9", version, 505),
      first_line("R37_http_2_0", "GET /chat HTTP/2.0", version, 505),
      first_line("R37_http_1_2", "GET /chat HTTP/1.2"),
      first_line("R36_method_of_40_letters", "AMETHODNAMEMUCHLONGERTHANANYREGISTEREDONE / HTTP/1.1",
                 malformed),
      first_line("R36_lines_that_end_in_line_feeds", "GET /chat HTTP/1.1\nHost: other",
                 Errc::malformed_field),
      first_line("R36_no_version", "GET /chat", malformed),
      first_line("R36_version_in_lower_case", "GET /chat http/1.1", malformed),
      first_line("R36_version_of_two_digits", "GET /chat HTTP/1.10", malformed),
      first_line("R36_another_protocol", "GET /chat HTCPCP/1.0", malformed),
      first_line("R36_no_target", "GET  HTTP/1.1", malformed),
      first_line("R36_only_a_method", "GET ", malformed),
      first_line("R36_blank_in_the_target", "GET /a b HTTP/1.1", malformed),
      first_line("R36_two_blanks", "GET  /chat HTTP/1.1", malformed),
      first_line("R36_blank_at_the_end", "GET /chat HTTP/1.1 ", malformed),
      first_line("R36_tabs", "GET\t/chat\tHTTP/1.1", malformed),
      first_line("R36_byte_above_7f_in_the_target", "GET /\xC3\xA9 HTTP/1.1", malformed),
      first_line("R56_zero_byte_in_the_target", std::string("GET /a\0b HTTP/1.1", 17), malformed),
      first_line("R60_carriage_return_in_the_target", "GET /a\rb HTTP/1.1", malformed),
      {.name = "R61_one_empty_line_first", .text = behind("\r\n")},
      {.name = "R61_two_empty_lines_first", .text = behind("\r\n\r\n"), .error = malformed},
      {.name = "R61_blank_first", .text = behind(" "), .error = malformed},
      {.name = "R61_line_feed_first", .text = behind("\n"), .error = malformed},
      {.name = "R61_control_character_first", .text = behind("\x01"), .error = malformed},
      {.name = "R61_zero_byte_first",
       .text = std::string(1, '\0') + valid_request(),
       .error = malformed},
      {.name = "R36_a_client_hello_of_tls", .text = "\x16\x03\x01\x02", .error = malformed},
      {.name = "R36_frames_instead_of_a_head", .text = "\x81\x85Hello", .error = malformed},
  };
}
INSTANTIATE_TEST_SUITE_P(StartLine, Section4_2Request, ::testing::ValuesIn(start_line_rows()),
                         case_name<RequestCase>);

std::vector<RequestCase> target_rows() {
  return {
      first_line("R36_target_without_a_slash", "GET chat HTTP/1.1", Errc::bad_request_target),
      first_line("R36_asterisk", "GET * HTTP/1.1", Errc::bad_request_target),
      first_line("R36_fragment", "GET /chat#x HTTP/1.1", Errc::bad_request_target),
      first_line("R36_another_scheme", "GET ftp://h/chat HTTP/1.1", Errc::bad_request_target),
      first_line("R36_absolute_with_a_user", "GET http://u@h/chat HTTP/1.1",
                 Errc::bad_request_target),
      first_line("R36_absolute_without_a_host", "GET http:///chat HTTP/1.1",
                 Errc::bad_request_target),
  };
}
INSTANTIATE_TEST_SUITE_P(Target, Section4_2Request, ::testing::ValuesIn(target_rows()),
                         case_name<RequestCase>);

std::vector<RequestCase> host_rows() {
  const Errc bad = Errc::bad_host;
  return {
      spoilt("R36_R38_no_host", "Host:", "", bad),
      extended("R36_R38_two_hosts", {"Host: server.example.com"}, bad),
      spoilt("R38_empty_host", "Host:", "Host:", bad),
      spoilt("R38_host_with_a_blank", "Host:", "Host: a b", bad),
      spoilt("R38_host_with_a_user", "Host:", "Host: u@h", bad),
      spoilt("R38_host_with_a_path", "Host:", "Host: h/x", bad),
      spoilt("R38_two_hosts_in_one", "Host:", "Host: a, b", bad),
      spoilt("R38_port_too_high", "Host:", "Host: h:65536", bad),
      spoilt("R38_port_that_is_none", "Host:", "Host: h:x", bad),
      spoilt("R38_half_an_ipv6_address", "Host:", "Host: [::1", bad),
      spoilt("R38_host_and_port", "Host:", "Host: h:9001"),
      spoilt("R38_ipv6_host", "Host:", "Host: [::1]:9001"),
      spoilt("R38_R55_name_in_other_case", "Host:", "hOST: h"),
  };
}
INSTANTIATE_TEST_SUITE_P(Host, Section4_2Request, ::testing::ValuesIn(host_rows()),
                         case_name<RequestCase>);

std::vector<RequestCase> upgrade_rows() {
  const Errc upgrade = Errc::missing_upgrade;
  const Errc connection = Errc::missing_connection_upgrade;
  return {
      spoilt("R36_R39_no_upgrade", "Upgrade:", "", upgrade, 426),
      spoilt("R39_R68_another_protocol", "Upgrade:", "Upgrade: h2c", upgrade, 426),
      spoilt("R39_a_longer_word", "Upgrade:", "Upgrade: websockets", upgrade, 426),
      spoilt("R39_a_shorter_word", "Upgrade:", "Upgrade: web", upgrade, 426),
      spoilt("R39_any_case", "Upgrade:", "Upgrade: WebSocket"),
      spoilt("R39_in_a_list", "Upgrade:", "Upgrade: h2c, websocket"),
      spoilt("R39_R55_name_in_other_case", "Upgrade:", "UPGRADE: websocket"),
      spoilt("R36_R40_no_connection", "Connection:", "", connection),
      spoilt("R40_other_token", "Connection:", "Connection: keep-alive", connection),
      spoilt("R40_part_of_a_word", "Connection:", "Connection: no-upgrade", connection),
      spoilt("R40_a_longer_word", "Connection:", "Connection: upgraded", connection),
      spoilt("R40_in_a_list", "Connection:", "Connection: keep-alive, Upgrade"),
      spoilt("R40_in_a_list_without_blanks", "Connection:", "Connection: a,uPGRADE,b"),
      spoilt("R40_in_a_list_with_empty_elements", "Connection:", "Connection: ,, Upgrade , ,"),
      extended("R40_an_empty_list_beside_it", {"Connection:"}),
      spoilt("R40_an_empty_list_alone", "Connection:", "Connection: ,", connection),
      extended("R40_in_a_second_line", {"Connection: keep-alive"}),
      {.name = "R40_only_in_a_second_line",
       .text = adding(with_line(valid_request(), "Connection:", "Connection: keep-alive"),
                      {"Connection: Upgrade"})},
  };
}
INSTANTIATE_TEST_SUITE_P(Upgrade, Section4_2Request, ::testing::ValuesIn(upgrade_rows()),
                         case_name<RequestCase>);

std::vector<RequestCase> key_rows() {
  const std::string start = "Sec-WebSocket-Key:";
  const auto key = [&](const char* name, const std::string& value, std::error_code error) {
    return spoilt(name, start, start + " " + value, error);
  };
  const Errc bad = Errc::bad_key;
  return {
      spoilt("R36_R41_no_key", start, "", bad),
      key("R41_empty", "", bad),
      key("R41_no_base64", "!!!!!!!!!!!!!!!!!!!!!!==", bad),
      key("R41_15_bytes", "AAAAAAAAAAAAAAAAAAAA", bad),
      key("R41_17_bytes", "AAAAAAAAAAAAAAAAAAAAAAA=", bad),
      key("R41_18_bytes", "AAAAAAAAAAAAAAAAAAAAAAAA", bad),
      key("R41_13_bytes", "AAAAAAAAAAAAAAAAAA==", bad),
      key("R41_19_bytes", "AAAAAAAAAAAAAAAAAAAAAAAAAA==", bad),
      key("R41_without_padding", "AAAAAAAAAAAAAAAAAAAAAA", bad),
      key("R41_with_one_pad", "AAAAAAAAAAAAAAAAAAAAAA=", bad),
      key("R41_with_three_pads", "AAAAAAAAAAAAAAAAAAAAA===", bad),
      key("R41_unused_bits_set", "AAAAAAAAAAAAAAAAAAAAAB==", bad),
      key("R41_alphabet_of_urls", "AAAAAAAAAAAAAAAAAAAA_A==", bad),
      key("R41_blank_inside", "AAAAAAAAAAA AAAAAAAAAA==", bad),
      key("R41_4000_characters", std::string(4000, 'A'), bad),
      key("R41_all_ones", "/////////////////////w==", {}),
      key("R41_R53_blanks_around", "\t dGhlIHNhbXBsZSBub25jZQ== \t", {}),
      extended("R42_twice", {start + " dGhlIHNhbXBsZSBub25jZQ=="}, Errc::repeated_field),
      extended("R42_R55_twice_in_other_case", {"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=="},
               Errc::repeated_field),
  };
}
INSTANTIATE_TEST_SUITE_P(Key, Section4_2Request, ::testing::ValuesIn(key_rows()),
                         case_name<RequestCase>);

std::vector<RequestCase> version_rows() {
  std::vector<RequestCase> rows;
  const std::string start = "Sec-WebSocket-Version:";
  for (const char* version : {"0", "7", "8", "12", "14", "130", "255", "-13", "13.0", "junk"}) {
    std::string name = "R36_R44_version_" + std::string(version);
    for (char& c : name) c = c == '-' || c == '.' ? 'x' : c;
    rows.push_back(spoilt(name, start, start + " " + version, Errc::bad_version, 426));
  }
  rows.push_back(spoilt("R36_R43_no_version", start, "", Errc::bad_version, 426));
  rows.push_back(spoilt("R44_version_with_a_zero", start, start + " 013", Errc::bad_version, 426));
  rows.push_back(spoilt("R44_two_in_one", start, start + " 13, 8", Errc::bad_version, 426));
  rows.push_back(spoilt("R43_blanks_around_13", start, start + "   13\t "));
  rows.push_back(extended("R43_13_twice", {start + " 13"}, Errc::repeated_field));
  rows.push_back(extended("R43_13_and_8", {start + " 8"}, Errc::repeated_field));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Version, Section4_2Request, ::testing::ValuesIn(version_rows()),
                         case_name<RequestCase>);

std::vector<RequestCase> field_rows() {
  const Errc bad = Errc::malformed_field;
  const std::string zero(1, '\0');
  return {
      extended("R57_blank_before_the_colon", {"X : 1"}, bad),
      extended("R57_tab_before_the_colon", {"X\t: 1"}, bad),
      spoilt("R57_blank_behind_host", "Host:", "Host : h", bad),
      extended("R59_folded_line", {"X: 1", " 2"}, bad),
      extended("R59_folded_line_with_a_colon", {"X: 1", "\tY: 2"}, bad),
      spoilt("R62_blank_before_the_first_field", "Host:", " Host: h", bad),
      spoilt("R62_blank_line_before_the_first_field", "Host:", " \r\nHost: h", bad),
      extended("R60_carriage_return_in_a_value", {"X: a\rb"}, bad),
      extended("R60_carriage_return_at_the_end_of_a_value", {"X: a\r"}, bad),
      extended("R60_carriage_return_in_a_name", {"X\rY: a"}, bad),
      extended("R56_line_feed_in_a_value", {"X: a\nY: b"}, bad),
      extended("R56_zero_byte_in_a_value", {"X: a" + zero + "b"}, bad),
      extended("R56_zero_byte_in_a_name", {"X" + zero + ": b"}, bad),
      extended("R56_delete_in_a_value", {"X: a\x7F"}, bad),
      extended("R36_line_without_a_colon", {"Hello"}, bad),
      extended("R36_line_without_a_name", {": 1"}, bad),
      extended("R36_name_in_brackets", {"(X): 1"}, bad),
      extended("R36_name_above_7f", {"\xC3\xA9: 1"}, bad),
      extended("R56_tab_and_bytes_above_7f_are_legal", {"X: a\tb\xC3\xA9"}),
      extended("R55_empty_value", {"X:"}),
      extended("R36_subprotocols_that_are_no_tokens", {"Sec-WebSocket-Protocol: a b"},
               Errc::bad_subprotocols),
      extended("R36_the_same_subprotocol_twice", {"Sec-WebSocket-Protocol: a, b, a"},
               Errc::bad_subprotocols),
      extended("R36_the_same_subprotocol_in_two_lines",
               {"Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: a"}, Errc::bad_subprotocols),
      extended("R36_two_origins", {"Origin: http://a", "Origin: http://b"}, Errc::repeated_field),
  };
}
INSTANTIATE_TEST_SUITE_P(Fields, Section4_2Request, ::testing::ValuesIn(field_rows()),
                         case_name<RequestCase>);

std::vector<RequestCase> body_rows() {
  const Errc body = Errc::request_with_body;
  return {
      extended("R71_content_length", {"Content-Length: 14"}, body),
      extended("R71_content_length_zero_is_no_body", {"Content-Length: 0"}),
      extended("R66_transfer_encoding", {"Transfer-Encoding: chunked"}, body),
      extended("R66_unknown_coding", {"Transfer-Encoding: cow"}, body),
      extended("R66_coding_in_other_case", {"transfer-ENCODING: chunked"}, body),
      extended("R66_empty_coding", {"Transfer-Encoding:"}, body),
      extended("R66_both", {"Content-Length: 0", "Transfer-Encoding: chunked"}, body),
      {.name = "R66_coding_in_http_1_0",
       .text = adding(with_line(valid_request(), "GET ", "GET /chat HTTP/1.0"),
                      {"Transfer-Encoding: chunked"}),
       .error = Errc::bad_http_version,
       .status = 505},
      extended("R67_two_lengths", {"Content-Length: 0", "Content-Length: 0"}, body),
      extended("R67_two_different_lengths", {"Content-Length: 0", "Content-Length: 9"}, body),
      extended("R67_list_of_lengths", {"Content-Length: 0, 0"}, body),
      extended("R67_negative_length", {"Content-Length: -1"}, body),
      extended("R67_length_that_is_none", {"Content-Length: abc"}, body),
      extended("R67_empty_length", {"Content-Length:"}, body),
      extended("R67_length_that_wraps", {"Content-Length: 18446744073709551616"}, body),
  };
}
INSTANTIATE_TEST_SUITE_P(Body, Section4_2Request, ::testing::ValuesIn(body_rows()),
                         case_name<RequestCase>);

}  // namespace
}  // namespace wirespan::test
