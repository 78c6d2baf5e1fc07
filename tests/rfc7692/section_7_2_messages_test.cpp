// RFC 7692 §6, §7.2: compressed messages on the wire.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/deflate_cases.hpp"
#include "support/zlib_reference.hpp"

namespace wirespan::test {
namespace {

struct WireRow {
  std::string name;
  ByteVector wire;  ///< As a server sends it.
  std::vector<std::string> events;
  ConversationOptions options = compressing();
};

void PrintTo(const WireRow& row, std::ostream* out) { *out << to_hex(row.wire); }

const std::string hello = seen::text("Hello");

std::vector<WireRow> rows() {
  const std::vector<std::string> bad{seen::failed(Errc::bad_compressed_data)};
  const std::vector<std::string> reserved{seen::failed(Errc::reserved_bits)};
  const ByteVector first = "c1 07 f248cdc9c90700"_hex;
  ConversationOptions plain;
  plain.deflate.reset();
  ConversationOptions pieces = compressing();
  pieces.receive.deliver_fragments = true;
  return {
      // The examples of §7.2.3, in their order.
      {"R156_one_block", first, {hello}},
      {"R147_one_block_in_fragments", "41 03 f248cd 80 04 c9c90700"_hex, {hello}},
      {"R158_shared_window", join({first, "c1 05 f200110000"_hex}), {hello, hello}},
      {"R157_block_without_compression", "c1 0b 000500faff48656c6c6f00"_hex, {hello}},
      {"R161_block_with_bfinal", "c1 08 f348cdc9c9070000"_hex, {hello}},
      {"R157_two_blocks", "c1 0d f248050000 00ffff cac9c90700"_hex, {hello}},
      {"R159_empty_message", "c1 01 00"_hex, {seen::text("")}},
      // Cases without an example there.
      {"R161_bfinal_then_another_message",
       join({"c1 08 f348cdc9c9070000"_hex, first, "c1 05 f200110000"_hex}),
       {hello, hello, hello}},
      {"R161_bfinal_keeps_the_window",
       join({"c1 08 f348cdc9c9070000"_hex, "c1 05 f200110000"_hex}),
       {hello, hello}},
      {"R161_bfinal_in_the_middle",
       "c1 0e f348cdc9c90700 f248cdc9c90700"_hex,
       {seen::text("HelloHello")}},
      {"R161_bfinal_and_nothing_behind", join({"c1 07 f348cdc9c90700"_hex, first}), {hello, hello}},
      {"R161_bfinal_in_fragments", "41 07 f348cdc9c90700 00 00 80 01 00"_hex, {hello}},
      {"R150_plain_between",
       join({first, "81 02 6869"_hex, "c1 05 f200110000"_hex}),
       {hello, seen::text("hi"), hello}},
      {"R150_plain_in_fragments",
       join({"01 01 68 80 01 69"_hex, first}),
       {seen::text("hi"), hello}},
      {"R149_ping_between_fragments",
       "41 03 f248cd 89 01 70 80 04 c9c90700"_hex,
       {seen::ping(bytes_of("p")), hello}},
      {"R147_empty_fragments", "41 00 00 00 00 07 f248cdc9c90700 80 00"_hex, {hello}},
      {"binary", "c2 07 f248cdc9c90700"_hex, {seen::binary(bytes_of("Hello"))}},
      {"fragments_one_by_one",
       "41 03 f248cd 80 04 c9c90700"_hex,
       {seen::fragment(Opcode::text, bytes_of("He"), false),
        seen::fragment(Opcode::continuation, bytes_of("llo"), true)},
       pieces},
      {"without_takeover",
       join({first, first}),
       {hello, hello},
       compressing(DeflateContext::none, both_forget)},
      {"R151_without_takeover_nothing_is_remembered",
       join({first, "c1 05 f200110000"_hex}),
       {hello, bad[0]},
       compressing(DeflateContext::none, both_forget)},
      // RSV1 where it is not allowed.
      {"R143_not_agreed_on", first, reserved, plain},
      {"R148_on_a_continuation", "41 03 f248cd c0 04 c9c90700"_hex, reserved},
      {"R148_on_a_plain_continuation", "01 01 68 c0 01 69"_hex, reserved},
      {"R148_on_a_ping", "c9 00"_hex, reserved},
      {"R148_on_a_pong", "ca 00"_hex, reserved},
      {"R148_on_a_close", "c8 02 03e8"_hex, reserved},
      {"R80_rsv2_with_it", "e1 07 f248cdc9c90700"_hex, reserved},
      {"R80_rsv3_with_it", "d1 07 f248cdc9c90700"_hex, reserved},
      // Payloads that are not valid compressed data.
      {"R160_no_payload", "c1 00"_hex, bad},
      {"R160_reserved_block_type", "c1 01 ff"_hex, bad},
      {"R160_bad_stored_length", "c1 05 000500fbff"_hex, bad},
      {"R160_cut_in_a_block", "c1 03 f248cd"_hex, bad},
      {"R160_cut_before_the_last_byte", "c1 06 f248cdc9c907"_hex, bad},
      {"R160_cut_in_a_stored_block", "c1 08 000500faff48656c"_hex, bad},
      {"R160_with_its_tail_left", "c1 0a f248cdc9c90700 00ffff"_hex, bad},
      {"R160_too_far_back", "c1 05 f200110000"_hex, bad},
      {"R163_bad_utf8",
       compressed_frames(1, ZlibDeflater().message("ff"_hex)),
       {seen::failed(Errc::invalid_utf8)}},
      {"R163_utf8_cut",
       compressed_frames(1, ZlibDeflater().message("c3"_hex)),
       {seen::failed(Errc::invalid_utf8)}},
      {"R163_utf8_split_by_frames",
       join({compressed_frames(1, ZlibDeflater().message(bytes_of("grüße")), 1)}),
       {seen::text("grüße")}},
  };
}

class Section7_2Receive : public ::testing::TestWithParam<std::tuple<Role, WireRow>> {};

TEST_P(Section7_2Receive, in_every_chopping) {
  const Role role = std::get<0>(GetParam());  // clang 14: no lambda captures a structured binding
  const WireRow& row = std::get<1>(GetParam());
  const ByteVector wire = as_received_by(role, row.wire);
  for (const DeflateContext context : {DeflateContext::stream, DeflateContext::dictionary}) {
    ConversationOptions options = row.options;
    const bool keeps =
        options.deflate && options.deflate->receive_context == DeflateContext::stream;
    if (keeps) options.deflate->receive_context = context;
    for_every_chopping(wire, [&](const Chopping& chopping) {
      Conversation conversation(role, options);
      for (const Bytes piece : chopping.pieces) conversation.receive(piece);
      std::vector<std::string> events = conversation.events();
      EXPECT_EQ(events, row.events) << chopping.name;
    });
  }
}

std::string row_name(const ::testing::TestParamInfo<std::tuple<Role, WireRow>>& info) {
  const bool server = std::get<0>(info.param) == Role::server;
  return std::get<1>(info.param).name + (server ? "_server" : "_client");
}

INSTANTIATE_TEST_SUITE_P(Rows, Section7_2Receive,
                         ::testing::Combine(::testing::Values(Role::client, Role::server),
                                            ::testing::ValuesIn(rows())),
                         row_name);

/// The received part of a message is enough to know that it is not UTF-8.
TEST(Section7_2, R163_a_bad_byte_fails_before_the_message_has_ended) {
  ZlibDeflater deflater;
  const ByteVector payload = deflater.message(join({bytes_of("abc"), "ff"_hex, noise(50'000)}));
  Conversation conversation(Role::client, compressing());
  const ByteVector wire = compressed_frames(1, payload);
  conversation.receive(Bytes(wire).first(wire.size() / 100));
  EXPECT_EQ(conversation.events(), std::vector{seen::failed(Errc::invalid_utf8)});
  EXPECT_EQ(conversation.sent(),
            std::vector<std::string>{describe(parse_frames(conversation.wire())->at(0))});
  EXPECT_EQ(to_hex(Bytes(parse_frames(conversation.wire())->at(0).payload).first(2)), "03ef");
}

TEST(Section7_2, R163_a_bad_byte_fails_inside_an_unfinished_fragment) {
  ZlibDeflater deflater;
  const ByteVector payload = deflater.message("ed a0 80"_hex);
  Conversation conversation(Role::client, compressing());
  conversation.receive(join({frame(0x41, payload)}));
  EXPECT_EQ(conversation.events(), std::vector{seen::failed(Errc::invalid_utf8)});
}

// Messages that are sent.

std::string sent_in_hex(Conversation& conversation) {
  std::string text;
  const auto frames = parse_frames(conversation.wire());
  if (!frames) return "no whole frames";
  for (const WireFrame& one : *frames) {
    text += text.empty() ? "" : " ";
    text += to_hex(ByteVector{static_cast<std::byte>(one.first_byte)}) + ":" + to_hex(one.payload);
  }
  return text;
}

class Section7_2Send : public ::testing::TestWithParam<Role> {};

TEST_P(Section7_2Send, R156_R158_the_examples_byte_for_byte) {
  Conversation conversation(GetParam(), compressing());
  EXPECT_FALSE(conversation.connection().send(Opcode::text, bytes_of("Hello")));
  EXPECT_FALSE(conversation.connection().send(Opcode::text, bytes_of("Hello")));
  EXPECT_EQ(sent_in_hex(conversation), "c1:f248cdc9c90700 c1:f200110000");
}

TEST_P(Section7_2Send, R158_a_window_as_a_dictionary_writes_the_same_bytes) {
  for (const DeflateContext context : {DeflateContext::stream, DeflateContext::dictionary}) {
    Conversation conversation(GetParam(), compressing(context));
    EXPECT_FALSE(conversation.connection().send(Opcode::text, bytes_of("Hello"), false));
    EXPECT_FALSE(conversation.connection().send(Opcode::continuation, {}));
    EXPECT_FALSE(conversation.connection().send(Opcode::text, bytes_of("Hello"), false));
    EXPECT_FALSE(conversation.connection().send(Opcode::continuation, {}));
    // In fragments: with a dictionary, a whole message that does not shrink is sent uncompressed.
    const std::string first = "41:f248cdc9c907000000ffff 80:00";
    EXPECT_EQ(sent_in_hex(conversation), first + " 41:f2001100000000ffff 80:00")
        << static_cast<int>(context);
  }
}

TEST_P(Section7_2Send, R159_an_empty_message_is_one_octet) {
  Conversation conversation(GetParam(), compressing());
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(conversation.connection().send(Opcode::text, {}));
  EXPECT_EQ(sent_in_hex(conversation), "c1:00 c1:00 c1:00");
}

TEST_P(Section7_2Send, R147_only_the_first_fragment_has_the_bit) {
  Conversation conversation(GetParam(), compressing());
  Connection& connection = conversation.connection();
  EXPECT_FALSE(connection.send(Opcode::text, bytes_of("Hello"), false));
  EXPECT_FALSE(connection.ping(bytes_of("p")));
  EXPECT_FALSE(connection.send(Opcode::continuation, {}, false));
  EXPECT_FALSE(connection.send(Opcode::continuation, bytes_of("Hello"), true));
  EXPECT_FALSE(connection.send(Opcode::continuation, {}, true) != Errc::no_message_under_way);
  const auto frames = parse_frames(conversation.wire());
  ASSERT_TRUE(frames);
  ASSERT_EQ(frames->size(), 4U);
  const std::vector<unsigned> first_bytes{0x41, 0x89, 0x00, 0x80};
  ByteVector payload;
  for (std::size_t i = 0; i < frames->size(); ++i) {
    EXPECT_EQ(frames->at(i).first_byte, first_bytes[i]);
    if (i != 1) payload = join({payload, frames->at(i).payload});
  }
  EXPECT_EQ(ZlibInflater().message(payload), bytes_of("HelloHello"));
}

TEST_P(Section7_2Send, R159_an_empty_last_fragment_ends_the_message) {
  Conversation conversation(GetParam(), compressing());
  Connection& connection = conversation.connection();
  EXPECT_FALSE(connection.send(Opcode::text, bytes_of("Hello"), false));
  EXPECT_FALSE(connection.send(Opcode::continuation, {}, true));
  EXPECT_EQ(sent_in_hex(conversation), "41:f248cdc9c907000000ffff 80:00");
}

TEST_P(Section7_2Send, R150_what_is_short_or_opted_out_or_grows_goes_as_it_is) {
  ConversationOptions options = compressing(DeflateContext::dictionary);
  options.deflate->threshold = 100;
  Conversation conversation(GetParam(), options);
  Connection& connection = conversation.connection();
  const ByteVector text = compressible_text(99);
  const ByteVector longer = compressible_text(100);
  EXPECT_FALSE(connection.send(Opcode::text, text));
  EXPECT_FALSE(connection.send(Opcode::text, longer, true, Compress::never));
  EXPECT_FALSE(connection.send(Opcode::binary, noise(1000)));
  EXPECT_FALSE(connection.send(Opcode::text, longer));
  const auto frames = parse_frames(conversation.wire());
  ASSERT_EQ(frames->size(), 4U);
  EXPECT_EQ(frames->at(0).first_byte, 0x81U);
  EXPECT_EQ(frames->at(1).first_byte, 0x81U);
  EXPECT_EQ(frames->at(2).first_byte, 0x82U);
  EXPECT_EQ(frames->at(3).first_byte, 0xC1U);
  EXPECT_EQ(ZlibInflater().message(frames->at(3).payload), longer)
      << "it must not refer to what went as it was";
}

TEST_P(Section7_2Send, R150_the_first_part_decides_for_all_fragments) {
  ConversationOptions options = compressing();
  options.deflate->threshold = 5;
  Conversation conversation(GetParam(), options);
  Connection& connection = conversation.connection();
  EXPECT_FALSE(connection.send(Opcode::text, bytes_of("H"), false));
  EXPECT_FALSE(connection.send(Opcode::continuation, compressible_text(100)));
  EXPECT_FALSE(connection.send(Opcode::text, compressible_text(100), false, Compress::never));
  EXPECT_FALSE(connection.send(Opcode::continuation, compressible_text(100)));
  EXPECT_FALSE(connection.send(Opcode::text, bytes_of("Hello"), false));
  EXPECT_FALSE(connection.send(Opcode::continuation, bytes_of("!"), true, Compress::never));
  const auto frames = parse_frames(conversation.wire());
  ASSERT_EQ(frames->size(), 6U);
  EXPECT_EQ(frames->at(0).first_byte, 0x01U);
  EXPECT_EQ(frames->at(1).payload, compressible_text(100));
  EXPECT_EQ(frames->at(2).first_byte, 0x01U);
  EXPECT_EQ(frames->at(3).payload, compressible_text(100));
  EXPECT_EQ(frames->at(4).first_byte, 0x41U);
  EXPECT_EQ(ZlibInflater().message(join({frames->at(4).payload, frames->at(5).payload})),
            bytes_of("Hello!"));
}

/// The mask key of one message is missing: later messages must not refer to that message.
TEST(Section7_2, a_message_that_could_not_be_sent_is_not_referred_to) {
  for (const DeflateContext context :
       {DeflateContext::none, DeflateContext::dictionary, DeflateContext::stream}) {
    FailAfter fail(1);
    ConversationOptions options = compressing(context);
    options.fail_keys = &fail;
    Conversation conversation(Role::client, options);
    Connection& connection = conversation.connection();
    const ByteVector one = compressible_text(3000, 1);
    const ByteVector two = compressible_text(3000, 2);
    EXPECT_FALSE(connection.send(Opcode::text, one));
    EXPECT_EQ(connection.send(Opcode::text, two), Errc::no_mask_key);
    EXPECT_FALSE(connection.send(Opcode::text, two));
    EXPECT_FALSE(connection.send(Opcode::text, one));
    const auto frames = parse_frames(conversation.wire());
    ASSERT_EQ(frames->size(), 3U);
    ZlibInflater inflater;
    EXPECT_EQ(inflater.message(frames->at(0).payload), one);
    EXPECT_EQ(inflater.message(frames->at(1).payload), two);
    EXPECT_EQ(inflater.message(frames->at(2).payload), one);
  }
}

TEST(Section7_2, a_fragment_that_could_not_be_sent_can_be_sent_again) {
  for (const DeflateContext context :
       {DeflateContext::none, DeflateContext::dictionary, DeflateContext::stream}) {
    FailAfter fail(1);
    ConversationOptions options = compressing(context);
    options.fail_keys = &fail;
    Conversation conversation(Role::client, options);
    Connection& connection = conversation.connection();
    const ByteVector text = compressible_text(3000);
    EXPECT_FALSE(connection.send(Opcode::text, text, false));
    EXPECT_EQ(connection.send(Opcode::continuation, text, false), Errc::no_mask_key);
    EXPECT_FALSE(connection.send(Opcode::continuation, text, true));
    const auto frames = parse_frames(conversation.wire());
    ASSERT_EQ(frames->size(), 2U);
    EXPECT_EQ(ZlibInflater().message(join({frames->at(0).payload, frames->at(1).payload})),
              join({text, text}));
  }
}

TEST(Section7_2, a_gathered_write_is_for_what_is_not_compressed) {
  ConversationOptions options = compressing();
  options.deflate->threshold = 100;
  Conversation conversation(Role::server, options);
  Connection& connection = conversation.connection();
  EXPECT_TRUE(connection.begin_gather(Opcode::text, compressible_text(99)));
  EXPECT_FALSE(connection.begin_gather(Opcode::text, compressible_text(100)));
  EXPECT_TRUE(connection.begin_gather(Opcode::text, compressible_text(100), Compress::never));
}

INSTANTIATE_TEST_SUITE_P(Roles, Section7_2Send, ::testing::Values(Role::client, Role::server),
                         role_name);

}  // namespace
}  // namespace wirespan::test
