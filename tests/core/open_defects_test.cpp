// Defects of core that are known and not mended yet: each test fails until one is. Then it moves
// to the file of its clause.
#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "support/handshakes.hpp"
#include "support/wire_case.hpp"
#include <wirespan/core/utf8.hpp>

namespace wirespan::test {
namespace {

/// After keep_unread_input() the last message of the kept copy empties the input without a
/// NeedInput. What is fed then is not kept a second time, and next() reads freed memory.
TEST(OpenDefect, a_reader_may_pause_twice) {
  Conversation conversation(Role::client);
  Connection& connection = conversation.connection();
  {
    const ExactCopy block("81 01 61 81 01 62"_hex);
    connection.feed(block.bytes());
    EXPECT_EQ(describe(connection.next()), seen::text("a"));
    connection.keep_unread_input();
  }
  EXPECT_EQ(describe(connection.next()), seen::text("b"));
  ASSERT_FALSE(connection.has_unread_input());
  ByteVector reused = "81 01 63 81 01 64"_hex;
  connection.feed(reused);
  EXPECT_EQ(describe(connection.next()), seen::text("c"));
  connection.keep_unread_input();
  std::fill(reused.begin(), reused.end(), std::byte{0xEE});
  EXPECT_EQ(describe(connection.next()), seen::text("d"));
}

/// A message is borrowed until the next feed(), next() or receive_window(). fail() gives back the
/// kept input in which it lies, under the hands of a handler that made the driver fail.
TEST(OpenDefect, failing_leaves_a_borrowed_message_alone) {
  Conversation conversation(Role::client);
  Connection& connection = conversation.connection();
  {
    const ExactCopy block("81 01 61 81 05 48656c6c6f 81 01 63"_hex);
    connection.feed(block.bytes());
    EXPECT_EQ(describe(connection.next()), seen::text("a"));
    connection.keep_unread_input();
  }
  const Event event = connection.next();
  connection.fail(Errc::no_mask_key);
  EXPECT_EQ(describe(event), seen::text("Hello"));
  EXPECT_TRUE(std::holds_alternative<NeedInput>(connection.next()));
}

/// §10.4: the half of a message that will never be finished is held until the connection is
/// destroyed, while the driver lingers for the end of the stream.
TEST(OpenDefect, R122_the_end_gives_the_memory_of_an_unfinished_message_back) {
  const ByteVector unfinished = frame(0x02, pattern_bytes(1'000'000));
  for (const ByteVector& end : {"83 00"_hex, "88 02 03e8"_hex}) {
    Conversation conversation(Role::client);
    conversation.receive(unfinished);
    conversation.receive(end);
    ASSERT_EQ(conversation.events().size(), 1U);
    (void)conversation.wire();
    EXPECT_LT(conversation.connection().memory(), 4096U) << to_hex(end);
  }
}

/// §5.2, §5.5: the reason of a refusal depends on where the header is cut. Half a header shows the
/// form of the length, not the length.
TEST(OpenDefect, R100_a_short_ping_with_a_long_length_form_is_one_defect) {
  expect_in_every_chopping(
      refused("a ping of 5 in 16 bits", "89 7e 0005 48656c6c6f"_hex, Errc::oversized_control),
      Role::client);
}

/// §7.4.1: 1010 is for clients; a server has no extensions to demand.
TEST(OpenDefect, R141_a_server_does_not_send_1010) {
  Conversation server(Role::server);
  EXPECT_EQ(server.connection().close(CloseCode::mandatory_extension),
            Errc::close_code_not_allowed);
  EXPECT_TRUE(server.wire().empty());
}

class WordyCategory final : public std::error_category {
 public:
  explicit WordyCategory(std::string message) : message_(std::move(message)) {}
  [[nodiscard]] const char* name() const noexcept override { return "wordy"; }
  [[nodiscard]] std::string message(int) const override { return message_; }

 private:
  std::string message_;
};

/// §5.5.1: the reason of a Close frame is UTF-8. fail() cuts the message of a foreign error after
/// 60 bytes, wherever that is, and copies what is no UTF-8 at all.
TEST(OpenDefect, R101_the_reason_of_a_failure_is_utf8_whatever_the_error_says) {
  std::string accents = "x";
  while (accents.size() < 80) accents += "\xC3\xA9";
  for (const std::string& message : {accents, std::string("D\xE9lai d\xE9pass\xE9")}) {
    const WordyCategory category(message);
    Conversation conversation(Role::server);
    conversation.connection().fail(std::error_code(1, category));
    const auto frames = conversation.sent_frames();
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_TRUE(is_valid_utf8(Bytes(frames[0].payload).subspan(2))) << to_hex(frames[0].payload);
  }
}

/// §3, §4.1: a resource name has no fragment; parse_url() refuses one, the request does not.
TEST(OpenDefect, R3_R15_a_fragment_cannot_reach_the_request) {
  const ClientRequest request{.host = "h", .target = "/x#y"};
  EXPECT_EQ(check_client_request(request), Errc::invalid_url);
}

/// The second Cookie header is neither sent nor refused.
TEST(OpenDefect, no_cookie_is_lost_in_silence) {
  const ClientRequest request{.host = "h", .headers = {{"Cookie", "a=1"}, {"Cookie", "b=2"}}};
  const bool refused = static_cast<bool>(check_client_request(request));
  const std::string text = build_request(request, sample_handshake_key());
  EXPECT_TRUE(refused || text.find("b=2") != std::string::npos) << text;
}

/// RFC 9112 §3: a request line that is too long gets 414, also when the whole head is here at once.
TEST(OpenDefect, R63_a_giant_target_gets_414_however_it_is_cut) {
  const std::string text =
      with_line(valid_request(), "GET ", "GET /" + std::string(20'000, 'x') + " HTTP/1.1");
  for (const std::size_t piece : {1UL, 1000UL, 100'000UL}) {
    EXPECT_EQ(server_verdict(pieces_of(wire_bytes(text), piece)).error, Errc::target_too_long)
        << "in pieces of " << piece;
  }
}

/// RFC 9112 §2: one head, one verdict. A head that is refused early is refused for another reason
/// when it comes whole.
TEST(OpenDefect, R36_a_long_method_is_one_defect) {
  expect_in_every_chopping(
      RequestCase{.name = "a method of 40 letters",
                  .text = with_line(valid_request(), "GET ",
                                    "AMETHODNAMEMUCHLONGERTHANANYREGISTEREDONE / HTTP/1.1"),
                  .error = Errc::malformed_start_line});
}

TEST(OpenDefect, R36_a_line_feed_in_the_start_line_is_one_defect) {
  expect_in_every_chopping(
      RequestCase{.name = "lines that end in LF",
                  .text = with_line(valid_request(), "GET ", "GET /chat HTTP/1.1\nHost: other"),
                  .error = Errc::malformed_field});
}

TEST(OpenDefect, R34_a_version_of_another_shape_is_one_defect) {
  const struct {
    const char* line;
    Errc error;
  } rows[] = {
      {"HTTP/2 101 x", Errc::bad_http_version},
      {"HTTP/1x1 101 x", Errc::malformed_start_line},
  };
  for (const auto& row : rows) {
    expect_in_every_chopping(ResponseCase{.name = row.line,
                                          .text = with_line(valid_response(), "HTTP/1.1", row.line),
                                          .error = row.error});
  }
}

std::string request_with_subprotocols(int count) {
  std::string list;
  for (int i = 0; i < count; ++i) {
    list += static_cast<char>('a' + i % 26);
    list += static_cast<char>('a' + i / 26 % 26);
    list += static_cast<char>('a' + i / 676 % 26);
    list += ',';
  }
  return adding(valid_request(), {"Sec-WebSocket-Protocol: " + list});
}

std::chrono::nanoseconds best_time_to_judge(const std::string& request) {
  std::chrono::nanoseconds best = std::chrono::hours(1);
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(server_verdict(request).complete);
    best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - start);
  }
  return best;
}

/// §10.4: each subprotocol is compared with all before it, so 16 KiB of different ones cost
/// millions of comparisons. Sixteen times as many may cost sixteen times the time.
TEST(OpenDefect, R123_many_subprotocols_are_judged_in_linear_time) {
  const auto few = best_time_to_judge(request_with_subprotocols(250));
  const auto many = best_time_to_judge(request_with_subprotocols(4000));
  EXPECT_LT(many, 50 * few) << many.count() << " ns against " << few.count();
}

}  // namespace
}  // namespace wirespan::test
