// RFC 6455 §10.4, §10.7: limits, and hostile input in both roles.
#include <algorithm>
#include <chrono>
#include <random>

#include "support/handshakes.hpp"
#include "support/processor_time.hpp"
#include "support/wire_case.hpp"

namespace wirespan::test {
namespace {

class Section10 : public ::testing::TestWithParam<Role> {};
INSTANTIATE_TEST_SUITE_P(Roles, Section10, ::testing::Values(Role::client, Role::server),
                         role_name);

/// Returns the header of a binary frame that announces `size` in the 64-bit form, as `receiver`
/// gets it.
ByteVector long_header(std::uint64_t size, Role receiver) {
  ByteVector wire = "82 7f"_hex;
  for (int shift = 56; shift >= 0; shift -= 8) {
    wire.push_back(static_cast<std::byte>((size >> shift) & 255));
  }
  return as_received_by(receiver, wire);
}

std::vector<std::string> expected_for(std::uint64_t announced, std::size_t limit) {
  if (announced >> 63 != 0) return {seen::failed(Errc::length_overflow)};
  if (announced <= 0xFFFF) return {seen::failed(Errc::nonminimal_length)};
  if (announced > limit) return {seen::failed(Errc::message_too_big)};
  return {};  // legal so far
}

TEST_P(Section10, R84_R122_lengths_around_every_power_of_two_under_every_limit) {
  for (const std::size_t limit :
       {std::size_t{1}, std::size_t{125}, std::size_t{65'536}, std::size_t{16} << 20,
        static_cast<std::size_t>(-1) >> 1, static_cast<std::size_t>(-1)}) {
    for (const unsigned power : {7U, 8U, 16U, 31U, 32U, 33U, 62U, 63U, 64U}) {
      for (int offset = -16; offset <= 16; ++offset) {
        const std::uint64_t base = power == 64 ? 0 : std::uint64_t{1} << power;
        const std::uint64_t announced = base + static_cast<std::uint64_t>(offset);
        ConversationOptions options;
        options.receive.max_message_size = limit;
        Conversation conversation(GetParam(), options);
        conversation.receive(long_header(announced, GetParam()));
        conversation.receive("0102"_hex);
        EXPECT_EQ(conversation.events(), expected_for(announced, limit)) << announced;
        EXPECT_LE(conversation.connection().memory(), 8192U) << announced;
      }
    }
  }
}

TEST_P(Section10, R122_the_sum_of_fragments_cannot_wrap) {
  ConversationOptions options;
  options.receive.max_message_size = static_cast<std::size_t>(-1) >> 1;
  Conversation conversation(GetParam(), options);
  conversation.receive_from_peer("02 01 78"_hex);
  ByteVector second = long_header((std::uint64_t{1} << 63) - 1, GetParam());
  second[0] = std::byte{0x00};
  conversation.receive(second);
  EXPECT_EQ(conversation.events(), std::vector{seen::failed(Errc::message_too_big)});
}

/// Every rule holds under every limit into which the message fits.
TEST_P(Section10, R122_no_limit_however_high_switches_a_check_off) {
  for (const std::size_t limit : {std::size_t{125}, std::size_t{65'536}, std::size_t{0} - 1}) {
    WireCase good{.name = "good",
                  .wire = "81 02 6869 01 01 61 89 00 80 01 62"_hex,
                  .events = {seen::text("hi"), seen::ping({}), seen::text("ab")},
                  .answers = {"pong "}};
    WireCase bad = refused("bad", "02 01 61 81 01 62"_hex, Errc::expected_continuation);
    good.receive.max_message_size = bad.receive.max_message_size = limit;
    expect_in_every_chopping(good, GetParam());
    expect_in_every_chopping(bad, GetParam());
  }
}

TEST_P(Section10, R122_many_tiny_fragments_end_in_1008_and_hold_little) {
  for (const ByteVector& fragment : {"00 01 78"_hex, "00 00"_hex}) {
    Conversation conversation(GetParam());
    conversation.receive_from_peer("02 00"_hex);
    const ByteVector one = as_received_by(GetParam(), fragment);
    for (std::uint32_t i = 1; i < limits::message_fragments; ++i) conversation.receive(one);
    EXPECT_TRUE(conversation.events().empty());
    EXPECT_LE(conversation.connection().memory(), 4 * limits::message_fragments) << "bytes";
    conversation.receive(one);
    EXPECT_EQ(conversation.events(), std::vector{seen::failed(Errc::too_many_fragments)});
    EXPECT_EQ(conversation.sent(), std::vector<std::string>{"close 1008"});
  }
}

TEST_P(Section10, R122_pings_of_a_peer_that_does_not_read_cannot_grow_the_memory) {
  Conversation conversation(GetParam());
  conversation.connection().set_output_blocked(true);
  const ByteVector ping = as_received_by(GetParam(), frame(0x89, pattern_bytes(125)));
  for (int i = 0; i < 20'000; ++i) {
    conversation.receive(ping);
    ASSERT_LE(conversation.connection().memory(), 1024U);
  }
  conversation.connection().set_output_blocked(false);
  EXPECT_EQ(conversation.sent().size(), 1U);
}

TEST_P(Section10, R123_a_hundred_thousand_frames_in_one_read) {
  ByteVector wire;
  const ByteVector ping = as_received_by(GetParam(), "8a 00"_hex);
  for (int i = 0; i < 100'000; ++i) wire.insert(wire.end(), ping.begin(), ping.end());
  CountingKeys keys;
  Connection connection(GetParam(), {.mask_source = keys.source()});
  connection.feed(wire);
  int pongs = 0;
  while (std::holds_alternative<Pong>(connection.next())) ++pongs;
  EXPECT_EQ(pongs, 100'000);
  EXPECT_EQ(connection.memory(), 0U);
}

/// Frames in the same read as the handshake are checked like those after it.
TEST(Section10Glued, R123_every_malformed_frame_behind_the_request_of_a_client) {
  const struct {
    ByteVector wire;
    Errc error;
    const char* answer;
  } rows[] = {
      {"e1 80 00000000"_hex, Errc::reserved_bits, "close 1002"},
      {"83 80 00000000"_hex, Errc::reserved_opcode, "close 1002"},
      {"09 80 00000000"_hex, Errc::fragmented_control, "close 1002"},
      {"89 fe 007e 00000000"_hex, Errc::oversized_control, "close 1002"},
      {"81 05 48656c6c6f"_hex, Errc::missing_mask, "close 1002"},
      {"82 ff ffffffffffffffff 00000000"_hex, Errc::length_overflow, "close 1002"},
      {"82 fe 0005 00000000"_hex, Errc::nonminimal_length, "close 1002"},
      {"80 80 00000000"_hex, Errc::unexpected_continuation, "close 1002"},
      {"81 81 00000000 ff"_hex, Errc::invalid_utf8, "close 1007"},
      {"82 ff 0000000040000000 00000000"_hex, Errc::message_too_big, "close 1009"},
  };
  for (const auto& row : rows) {
    const ByteVector text = join({bytes_of(valid_request()), row.wire});
    const auto verdict = server_verdict(wire_text(text));
    ASSERT_TRUE(verdict.complete);
    Conversation conversation(Role::server);
    conversation.receive(Bytes(text).subspan(verdict.consumed));
    EXPECT_EQ(conversation.events(), std::vector{seen::failed(row.error)}) << to_hex(row.wire);
    EXPECT_EQ(conversation.sent(), std::vector<std::string>{row.answer});
  }
}

/// Returns events and answers, without the exact reason of a failure.
std::vector<std::string> outcome(Conversation& conversation) {
  std::vector<std::string> outcome;
  for (const std::string& event : conversation.events()) {
    outcome.push_back(event.starts_with("failed") ? "failed" : event);
  }
  for (const std::string& answer : conversation.sent()) outcome.push_back("sent " + answer);
  return outcome;
}

ByteVector random_conversation(std::mt19937& random, Role receiver) {
  const ByteVector parts[] = {
      "81 03 616263"_hex, "82 02 00ff"_hex, "01 02 c3a9"_hex,
      "00 01 7a"_hex,     "80 00"_hex,      "89 02 6869"_hex,
      "8a 00"_hex,        "88 02 03e8"_hex, frame(0x82, pattern_bytes(130))};
  ByteVector wire;
  for (int i = 0; i < 6; ++i) wire = join({wire, parts[random() % std::size(parts)]});
  ByteVector received = as_received_by(receiver, wire);
  const auto flips = random() % 3;
  for (auto i = flips; i > 0; --i) {
    received[random() % received.size()] ^= static_cast<std::byte>(1U << (random() % 8));
  }
  return received;
}

/// A stream with random damage means the same wherever the reads cut it.
TEST_P(Section10, R123_damaged_streams_come_out_the_same_however_they_are_cut) {
  std::mt19937 random(GetParam() == Role::server ? 1 : 2);
  int failures = 0;
  for (int round = 0; round < 1500; ++round) {
    const ByteVector wire = random_conversation(random, GetParam());
    Conversation whole(GetParam());
    whole.receive(wire);
    Conversation byte_by_byte(GetParam());
    for (const Bytes piece : pieces_of(wire, 1).pieces) byte_by_byte.receive(piece);
    Conversation in_two(GetParam());
    const std::size_t cut = random() % wire.size();
    in_two.receive(Bytes(wire).first(cut), Reading::into_window);
    in_two.receive(Bytes(wire).subspan(cut), Reading::into_window);
    const auto expected = outcome(whole);
    ASSERT_EQ(outcome(byte_by_byte), expected) << to_hex(wire);
    ASSERT_EQ(outcome(in_two), expected) << to_hex(wire) << " cut at " << cut;
    failures += whole.connection().failed() ? 1 : 0;
  }
  EXPECT_GT(failures, 300);
  EXPECT_LT(failures, 1400);
}

/// A call of next() digests a byte or returns NeedInput; it never spins.
TEST_P(Section10, R123_noise_is_digested_in_at_most_one_step_per_byte) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    ByteVector noise(random() % 200);
    for (std::byte& byte : noise) byte = static_cast<std::byte>(random() & 255);
    const ExactCopy block(noise);
    CountingKeys keys;
    Connection connection(GetParam(), {.mask_source = keys.source()});
    connection.feed(block.bytes());
    std::size_t steps = 1;
    while (!std::holds_alternative<NeedInput>(connection.next())) ++steps;
    ASSERT_LE(steps, noise.size() + 1);
    const auto frames = parse_frames(connection.output().data());
    ASSERT_TRUE(frames);
    ASSERT_EQ(complaint_about(*frames, GetParam()), "");
  }
}

/// Header values on which parsers elsewhere took quadratic or exponential time.
TEST(Section10Handshake, R123_header_floods_are_judged_in_linear_time) {
  const std::string names[] = {"Sec-WebSocket-Protocol",
                               "Sec-WebSocket-Extensions",
                               "Connection",
                               "Upgrade",
                               "Sec-WebSocket-Key",
                               "Host"};
  std::string pairs = "a; b=\"";
  while (pairs.size() < 15'000) pairs += "\\c";
  std::string commas = "b";
  while (commas.size() < 15'000) commas += ", ";
  const std::string values[] = {"b" + std::string(15'000, ' ') + "x",
                                pairs,
                                commas,
                                "a" + std::string(15'000, ';'),
                                std::string(15'000, '"'),
                                std::string(15'000, 'x')};
  for (const std::string& name : names) {
    for (const std::string& value : values) {
      const std::string text = adding(valid_request(), {name + ": " + value});
      const auto start = processor_time();
      (void)server_verdict(text);
      (void)client_verdict(adding(valid_response(), {name + ": " + value}));
      const auto taken = processor_time() - start;
      EXPECT_LT(taken, std::chrono::milliseconds(500)) << name << ": " << value.substr(0, 10);
    }
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
    const auto start = processor_time();
    EXPECT_TRUE(server_verdict(request).complete);
    best = std::min<std::chrono::nanoseconds>(best, processor_time() - start);
  }
  return best;
}

/// 32 times as many subprotocols may cost 32 times as much time, not 1,024 times. The bound lies
/// between, because other programs that use the cache can make the many several times as slow.
TEST(Section10Handshake, R123_many_subprotocols_are_judged_in_linear_time) {
  const auto few = best_time_to_judge(request_with_subprotocols(125));
  const auto many = best_time_to_judge(request_with_subprotocols(4000));
  EXPECT_LT(many, 180 * few) << many.count() << " ns against " << few.count();
}

}  // namespace
}  // namespace wirespan::test
