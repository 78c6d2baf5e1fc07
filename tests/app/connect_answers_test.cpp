// Connecting: every wrong answer becomes its exception and leaves no descriptor open. RFC 6455
// §4.1, the response; RFC 9110 §15, RFC 9112.
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "support/blocking.hpp"
#include "support/left_behind.hpp"

namespace wirespan::test {
namespace {

/// Makes a wrong answer of the right one.
using Spoil = std::function<std::string(std::string right)>;

struct AnswerCase {
  const char* name;
  Spoil spoil;
  Thrown expected;
};
void PrintTo(const AnswerCase& row, std::ostream* out) { *out << row.name; }

/// Replaces the line that begins with `start`; an empty line removes it.
Spoil with(std::string start, std::string line) {
  return [start = std::move(start), line = std::move(line)](std::string right) {
    const std::size_t at = right.find(start);
    const std::size_t end = right.find("\r\n", at) + 2;
    return right.replace(at, end - at, line.empty() ? "" : line + "\r\n");
  };
}

Spoil adding(std::string line) {
  return [line = std::move(line)](std::string right) {
    return right.insert(right.size() - 2, line + "\r\n");
  };
}

Spoil instead(std::string answer) {
  return [answer = std::move(answer)](const std::string&) { return answer; };
}

Spoil before(std::string head) {
  return [head = std::move(head)](const std::string& right) { return head + right; };
}

/// Returns the answer with its field lines, not the status line, in lower case.
std::string lower_case(std::string text) {
  for (std::size_t i = text.find("\r\n"); i < text.size(); ++i) {
    text[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[i])));
  }
  return text;
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

std::vector<AnswerCase> answer_cases() {
  const auto fails = [](Errc error) { return plain_exception(error); };
  const auto fine = nothing_thrown();
  const std::string early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  return {
      {"right", [](std::string right) { return right; }, fine},
      {"KEEP_R24_no_upgrade", with("Upgrade", ""), fails(Errc::missing_upgrade)},
      {"R24_other_upgrade", with("Upgrade", "Upgrade: h2c"), fails(Errc::missing_upgrade)},
      {"KEEP_R24_upgrade_in_capitals", with("Upgrade", "UPGRADE: WebSocket"), fine},
      {"R25_no_connection", with("Connection", ""), fails(Errc::missing_connection_upgrade)},
      {"R25_other_connection", with("Connection", "Connection: close"),
       fails(Errc::missing_connection_upgrade)},
      {"KEEP_R25_upgrade_in_a_list", with("Connection", "connection: keep-alive, upgrade"), fine},
      {"R26_no_accept", with("Sec-WebSocket-Accept", ""), fails(Errc::bad_accept)},
      {"R26_wrong_accept",
       with("Sec-WebSocket-Accept", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
       fails(Errc::bad_accept)},
      {"FIX_R26_accept_in_lower_case", lower_case, fails(Errc::bad_accept)},
      {"R31_accept_twice", adding("Sec-WebSocket-Accept: x"), fails(Errc::repeated_field)},
      {"FIX_R27_extension", adding("Sec-WebSocket-Extensions: permessage-deflate"),
       fails(Errc::unrequested_extension)},
      {"FIX_R28_subprotocol_not_asked_for", adding("Sec-WebSocket-Protocol: other"),
       fails(Errc::unrequested_subprotocol)},
      {"FIX_R28_subprotocol_in_other_case", adding("Sec-WebSocket-Protocol: CHAT"),
       fails(Errc::unrequested_subprotocol)},
      {"R31_subprotocol_twice", adding("Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: x"),
       fails(Errc::repeated_field)},
      {"R28_subprotocol_chosen", adding("Sec-WebSocket-Protocol: chat"), fine},
      {"FIX_R29_http_1_0", with("HTTP", "HTTP/1.0 101 Yes"), fails(Errc::bad_http_version)},
      {"R32_informational_before", before(early + early), fine},
      {"R32_informational_for_ever", before(repeated(early, 9)),
       fails(Errc::too_many_informational)},
      {"R33_101_with_a_length", adding("Content-Length: 5"), fails(Errc::response_with_body)},
      {"R33_101_with_a_coding", adding("Transfer-Encoding: chunked"),
       fails(Errc::response_with_body)},
      {"R27_no_extension", adding("Sec-WebSocket-Extensions:"), fine},
      {"R28_no_subprotocol", adding("Sec-WebSocket-Protocol:"), fine},
      {"R34_no_reason_phrase", with("HTTP", "HTTP/1.1 101 "), fine},
      {"FIX_R34_status_of_two_digits", with("HTTP", "HTTP/1.1 10 x"),
       fails(Errc::malformed_start_line)},
      {"FIX_garbage", instead("\x01\x02\x03\r\n\r\n"), fails(Errc::malformed_start_line)},
      {"another_protocol", instead("SSH-2.0-x\r\n\r\n"), fails(Errc::malformed_start_line)},
      {"KEEP_line_without_colon", adding("Just words"), fails(Errc::malformed_field)},
      {"R58_blank_before_colon", adding("X-A : b"), fails(Errc::malformed_field)},
      {"FIX_D22_long_head", adding("X-A: " + std::string(17'000, 'a')), fails(Errc::head_too_long)},
      {"FIX_D22_many_fields", adding(repeated("X-A: b\r\n", 101) + "X-A: b"),
       fails(Errc::too_many_fields)},
      {"nothing", instead(""), closed_exception(Errc::connection_lost)},
      {"half_a_head", instead("HTTP/1.1 101 Swit"), closed_exception(Errc::connection_lost)},
      {"empty_lines_only", instead("\r\n\r\n"), fails(Errc::malformed_start_line)},
  };
}

class ConnectAnswers : public ::testing::TestWithParam<std::tuple<Link, AnswerCase>> {};
std::string row_name(const ::testing::TestParamInfo<std::tuple<Link, AnswerCase>>& row) {
  return std::get<0>(row.param).name + "_" + std::get<1>(row.param).name;
}
INSTANTIATE_TEST_SUITE_P(Over, ConnectAnswers,
                         ::testing::Combine(::testing::ValuesIn(links()),
                                            ::testing::ValuesIn(answer_cases())),
                         row_name);

TEST_P(ConnectAnswers, becomes_its_exception_and_leaves_nothing_open) {
  const auto& [link, row] = GetParam();
  RawServer server(
      [&row = row](RawPeer& peer) {
        (void)peer.write(row.spoil(RawPeer::acceptance(peer.read_head())));
      },
      link);
  const auto options = options_for(link, {.subprotocols = {"chat"}});
  WebSocket ws(options);
  EXPECT_EQ(thrown_by([&] { ws.connect(server.url()); }), row.expected);
  EXPECT_EQ(ws.connected(), row.expected == nothing_thrown());
  EXPECT_EQ(ws.fileno() >= 0, row.expected == nothing_thrown());
  EXPECT_EQ(ws.status(), row.expected == nothing_thrown() ? 101 : 0);
}

TEST_P(ConnectAnswers, in_single_bytes_becomes_the_same) {
  const auto& [link, row] = GetParam();
  RawServer server(
      [&row = row](RawPeer& peer) {
        const std::string answer = row.spoil(RawPeer::acceptance(peer.read_head()));
        (void)peer.write_slowly(answer, 0ms);
      },
      link);
  const auto options = options_for(link, {.subprotocols = {"chat"}});
  const Thrown thrown = refusal_of([&] { return create_connection(server.url(), options); });
  // If the client closes during a long answer, the server may get a reset; the verdict is the same.
  EXPECT_EQ(thrown, row.expected);
}

class ConnectAnswersOver : public OverLinks {};
INSTANTIATE_TEST_SUITE_P(Over, ConnectAnswersOver, ::testing::ValuesIn(links()), link_name);

TEST_P(ConnectAnswersOver, FIX_R28_no_subprotocol_is_fine_unless_one_is_required) {
  RawServer server(echo_script, GetParam());
  EXPECT_EQ(connect(server, {.subprotocols = {"chat"}}).subprotocol(), "");
  EXPECT_EQ(refusal_of([&] {
              return connect(server, {.subprotocols = {"chat"}, .require_subprotocol = true});
            }),
            plain_exception(Errc::missing_subprotocol));
}

TEST_P(ConnectAnswersOver, R132_a_reset_instead_of_an_answer) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.read_head();
        peer.reset();
      },
      GetParam());
  EXPECT_EQ(refusal_of([&] { return connect(server); }).type, "WebSocketConnectionClosedException");
}

TEST_P(ConnectAnswersOver, R30_silence_and_a_byte_now_and_then_end_at_the_deadline) {
  const std::vector<RawServer::Script> scripts{
      [](RawPeer& peer) { (void)peer.read_to_end(); },
      [](RawPeer& peer) { (void)peer.write_slowly(RawPeer::acceptance(peer.read_head()), 20ms); },
      [](RawPeer& peer) {
        (void)peer.write("HTTP/1.1 101 x\r\n");
        while (peer.write("X-More: and more\r\n")) std::this_thread::sleep_for(10ms);
      }};
  RawServer server(scripts, GetParam());
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    const int before = count_descriptors();
    const Stopwatch watch;
    EXPECT_EQ(refusal_of([&] { return connect(server, {.connect_timeout = 300ms}); }),
              timeout_exception(Errc::connect_timeout))
        << i;
    EXPECT_GE(watch.elapsed(), 299ms);
    EXPECT_LT(watch.elapsed(), 3s);
    EXPECT_TRUE(eventually([&] { return count_descriptors() <= before; }));
  }
}

TEST_P(ConnectAnswersOver, R30_the_general_time_out_counts_where_no_connect_time_out_is_given) {
  RawServer server([](RawPeer& peer) { (void)peer.read_to_end(); }, GetParam());
  ConnectOptions options = options_for(GetParam(), {.timeout = 200ms});
  options.connect_timeout.reset();
  const Stopwatch watch;
  EXPECT_EQ(refusal_of([&] { return create_connection(server.url(), options); }),
            timeout_exception(Errc::connect_timeout));
  EXPECT_GE(watch.elapsed(), 199ms);
  EXPECT_LT(watch.elapsed(), 3s);
}

}  // namespace
}  // namespace wirespan::test
