// Parity with websocket-client: ABNF, frame_buffer and continuous_frame. KEEP: as in Python; FIX:
// another way on purpose.
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/hex.hpp"
#include <wirespan/app/frame.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/frame_decoder.hpp>
#include <wirespan/core/message_assembler.hpp>

namespace wirespan::test {
namespace {

constexpr MaskKey key{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};

TEST(ParityABNF, KEEP_the_fields_and_FIX_a_frame_is_the_last_one_unless_told_otherwise) {
  const Frame frame;
  EXPECT_TRUE(frame.fin) << "Python: 0";
  EXPECT_FALSE(frame.rsv1 || frame.rsv2 || frame.rsv3);
  EXPECT_EQ(frame.opcode, Opcode::text);
  EXPECT_EQ(frame.data, "");
}

TEST(ParityABNF, KEEP_opcodes_have_their_numbers_and_names) {
  const std::pair<Opcode, std::string_view> expected[] = {
      {Opcode{0x0}, "cont"},  {Opcode{0x1}, "text"}, {Opcode{0x2}, "binary"},
      {Opcode{0x8}, "close"}, {Opcode{0x9}, "ping"}, {Opcode{0xA}, "pong"}};
  for (const auto& [opcode, word] : expected) EXPECT_EQ(name(opcode), word);
  int defined = 0;  // Python's OPCODES
  for (std::uint8_t value = 0; value < 16; ++value) defined += is_reserved(Opcode{value}) ? 0 : 1;
  EXPECT_EQ(defined, 6);
}

TEST(ParityABNF, KEEP_create_frame_and_format) {
  const Frame frame = Frame::create_frame("Hi", Opcode::binary, false);
  EXPECT_EQ(frame, (Frame{.opcode = Opcode::binary, .fin = false, .data = "Hi"}));
  EXPECT_EQ(frame.format(), std::string("\x02\x02Hi")) << "mask_value 0";
  EXPECT_EQ(frame.format(key), std::string("\x02\x82\x01\x02\x03\x04Ik")) << "mask_value 1";
  EXPECT_EQ(frame.wire_size(), 8U);
}

TEST(ParityABNF, KEEP_lengths_take_the_shortest_form) {
  const auto head = [](std::size_t size) {
    return to_hex(wire_bytes(
        Frame::create_frame(std::string(size, 'x'), Opcode::text).format().substr(0, 10)));
  };
  EXPECT_TRUE(head(0x7D).starts_with("817d")) << "up to LENGTH_7 - 1";
  EXPECT_TRUE(head(0x7E).starts_with("817e007e")) << "up to LENGTH_16 - 1";
  EXPECT_TRUE(head(0xFFFF).starts_with("817effff"));
  EXPECT_EQ(head(0x10000), "817f0000000000010000");
}

TEST(ParityABNF, FIX_bits_and_opcodes_are_typed_and_judged_by_validate) {
  EXPECT_EQ((Frame{.rsv1 = true}).validate(), Errc::reserved_bits) << "Python: a ValueError";
  EXPECT_EQ((Frame{.opcode = Opcode{3}}).validate(), Errc::reserved_opcode);
  EXPECT_EQ(Frame::create_frame("", Opcode::ping, false).validate(), Errc::fragmented_control);
  EXPECT_EQ(Frame::create_frame(std::string(126, 'x'), Opcode::pong).validate(),
            Errc::oversized_control);
  EXPECT_EQ(Frame::create_frame("\x03", Opcode::close).validate(), Errc::short_close_payload);
  EXPECT_EQ(Frame::create_frame("\x03\xED", Opcode::close).validate(), Errc::invalid_close_code);
  EXPECT_EQ(Frame::create_frame("x", Opcode::text).validate(), std::error_code());
}

TEST(ParityABNF, KEEP_validate_may_skip_the_check_of_a_reason) {
  const Frame frame = Frame::create_frame("\x03\xE8\xFF", Opcode::close);
  EXPECT_EQ(frame.validate(), Errc::invalid_close_reason);
  EXPECT_EQ(frame.validate(true), std::error_code());
}

TEST(ParityABNF, KEEP_mask_is_its_own_inverse) {
  const std::string text = "any bytes \xFF and more";
  EXPECT_EQ(Frame::mask(key, "Hi"), "Ik");
  EXPECT_EQ(Frame::mask(key, Frame::mask(key, text)), text);
  EXPECT_EQ(Frame::mask(key, ""), "");
}

TEST(ParityABNF, KEEP_printing_gives_fin_opcode_and_data) {
  std::ostringstream out;
  out << Frame::create_frame("a\n\xFF", Opcode::text);
  EXPECT_EQ(out.str(), "fin=1 opcode=1 data=b'a\\n\\xff'");
}

TEST(ParityFrameBuffer, KEEP_a_frame_survives_any_interruption) {
  const ByteVector wire = from_hex("82 7e 0080");
  ByteVector whole = wire;
  whole.resize(wire.size() + 0x80, std::byte{0x5A});
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    FrameDecoder decoder({.receiver = Role::client});
    std::size_t payload = 0;
    bool last = false;
    for (const auto& part : {std::pair<std::size_t, std::size_t>(0, cut), {cut, whole.size()}}) {
      ByteVector bytes(whole.begin() + static_cast<std::ptrdiff_t>(part.first),
                       whole.begin() + static_cast<std::ptrdiff_t>(part.second));
      MutableBytes input(bytes);
      FrameChunk chunk;
      while (decoder.next(input, chunk) == FrameDecoder::Status::chunk) {
        payload += chunk.payload.size();
        last = chunk.last;
      }
    }
    EXPECT_EQ(payload, 0x80U) << cut;
    EXPECT_TRUE(last) << cut;
  }
}

/// The message or error that an assembler makes of a server's frames.
struct Assembled {
  std::vector<std::string> out;
  std::error_code error;
};

Assembled assemble(std::string_view hex, const ReceiveOptions& options = {}) {
  ByteVector wire = from_hex(hex);
  MutableBytes input(wire);
  FrameDecoder decoder({.receiver = Role::client});
  MessageAssembler assembler;
  Assembled result;
  FrameChunk chunk;
  while (!result.error && decoder.next(input, chunk) == FrameDecoder::Status::chunk) {
    Event outcome;
    result.error = assembler.push(chunk, options, outcome);
    if (const auto* message = std::get_if<Message>(&outcome)) {
      result.out.push_back(std::string(name(message->opcode)) + " " + std::string(message->text()));
    } else if (const auto* part = std::get_if<Fragment>(&outcome)) {
      result.out.push_back(std::string(name(part->opcode)) + "... " +
                           std::string(wire_text(part->payload)));
    }
  }
  return result;
}

TEST(ParityContinuousFrame, KEEP_it_joins_fragments_under_the_first_opcode) {
  const Assembled result = assemble("02 01 61 00 01 62 80 01 63");
  EXPECT_EQ(result.error, std::error_code());
  EXPECT_EQ(result.out, std::vector<std::string>{"binary abc"});
}

TEST(ParityContinuousFrame, KEEP_fire_cont_frame_hands_out_each_by_itself) {
  const Assembled result = assemble("01 01 61 80 01 62", {.deliver_fragments = true});
  EXPECT_EQ(result.out, (std::vector<std::string>{"text... a", "cont... b"}));
}

TEST(ParityContinuousFrame, KEEP_validate_refuses_frames_out_of_sequence) {
  EXPECT_EQ(assemble("80 00").error, Errc::unexpected_continuation);
  EXPECT_EQ(assemble("01 01 61 81 01 62").error, Errc::expected_continuation);
}

TEST(ParityContinuousFrame, KEEP_skip_utf8_FIX_else_at_the_first_bad_byte) {
  EXPECT_EQ(assemble("01 01 ff").error, Errc::invalid_utf8) << "Python: when complete";
  EXPECT_EQ(assemble("81 01 ff", {.validate_utf8 = false}).error, std::error_code());
}

TEST(ParityContinuousFrame, FIX_sizes_and_fragments_are_limited) {
  EXPECT_EQ(assemble("01 02 6161 80 02 6161", {.max_message_size = 3}).error,
            Errc::message_too_big);
  EXPECT_EQ(assemble("01 00 00 00 00 00", {.max_fragments = 2}).error, Errc::too_many_fragments);
}

}  // namespace
}  // namespace wirespan::test
