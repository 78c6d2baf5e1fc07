// core/frame.cpp: frame headers parsed, checked and written. RFC 6455 §5.2.
#include <array>

#include <gtest/gtest.h>

#include "support/fail_after.hpp"
#include "support/frames.hpp"
#include "support/guard_page.hpp"
#include "support/hex.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/core/frame.hpp>

namespace wirespan::test {
namespace {

FrameHeader parsed(const ByteVector& wire) {
  FrameHeader header;
  EXPECT_EQ(parse_frame_header(wire, header), wire.size()) << to_hex(wire);
  return header;
}

TEST(Frame, R82_R83_every_field_of_a_header_is_found) {
  const FrameHeader text = parsed("81 05"_hex);
  EXPECT_EQ(text.opcode, Opcode::text);
  EXPECT_TRUE(text.fin);
  EXPECT_FALSE(text.rsv1 || text.rsv2 || text.rsv3 || text.masked);
  EXPECT_EQ(text.payload_size, 5U);
  EXPECT_TRUE(text.minimal_length);

  const FrameHeader odd = parsed("5b fe 0102 0a0b0c0d"_hex);
  EXPECT_EQ(odd.opcode, Opcode{0xB});
  EXPECT_FALSE(odd.fin);
  EXPECT_TRUE(odd.rsv1);
  EXPECT_FALSE(odd.rsv2);
  EXPECT_TRUE(odd.rsv3);
  EXPECT_TRUE(odd.masked);
  EXPECT_EQ(odd.payload_size, 0x0102U);
  EXPECT_EQ(owned(odd.mask), "0a0b0c0d"_hex);

  const FrameHeader large = parsed("a2 7f 0102030405060708"_hex);
  EXPECT_TRUE(large.rsv2);
  EXPECT_EQ(large.payload_size, 0x0102030405060708U);
}

TEST(Frame, R85_parsing_tells_whether_the_length_is_minimal) {
  const struct {
    ByteVector wire;
    bool minimal;
  } rows[] = {
      {"82 7d"_hex, true},
      {"82 7e 007d"_hex, false},
      {"82 7e 007e"_hex, true},
      {"82 7e ffff"_hex, true},
      {"82 7f 000000000000ffff"_hex, false},
      {"82 7e 0000"_hex, false},
      {"82 7f 0000000000010000"_hex, true},
      {"82 7f ffffffffffffffff"_hex, true},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(parsed(row.wire).minimal_length, row.minimal) << to_hex(row.wire);
  }
}

TEST(Frame, R85_a_header_that_is_parsed_into_again_keeps_nothing_of_the_last_one) {
  FrameHeader header;
  ASSERT_EQ(parse_frame_header("f2 fe 0005 01020304"_hex, header), 8U);
  EXPECT_FALSE(header.minimal_length);
  ASSERT_EQ(parse_frame_header("01 05"_hex, header), 2U);
  EXPECT_TRUE(header.minimal_length);
  EXPECT_FALSE(header.fin || header.rsv1 || header.rsv2 || header.rsv3 || header.masked);
}

/// Tries all 65,536 values of the first two bytes.
TEST(Frame, R86_the_second_byte_tells_the_size_of_the_header) {
  for (unsigned second = 0; second < 256; ++second) {
    const unsigned length = second & 0x7F;
    const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
    const std::size_t size = 2 + extended + (second >= 128 ? 4 : 0);
    EXPECT_EQ(frame_header_size(static_cast<std::byte>(second)), size);
    for (unsigned first = 0; first < 256; ++first) {
      ByteVector wire(max_frame_header_size);
      wire[0] = static_cast<std::byte>(first);
      wire[1] = static_cast<std::byte>(second);
      FrameHeader header;
      ASSERT_EQ(parse_frame_header(wire, header), size);
      ASSERT_EQ(parse_frame_header(Bytes(wire).first(size), header), size);
      ASSERT_EQ(parse_frame_header(Bytes(wire).first(size - 1), header), 0U);
      ASSERT_EQ(header.opcode, Opcode{std::uint8_t(first & 15)}) << "two bytes tell this much";
      ASSERT_EQ(header.masked, second >= 128);
    }
  }
}

TEST(Frame, parsing_reads_nothing_beyond_its_input) {
  for (const char* text : {"8105", "818501020304", "827e0100", "82fe010001020304",
                           "827f0000000000010000", "82ff000000000001000001020304"}) {
    const ByteVector wire = from_hex(text);
    for (std::size_t size = 0; size <= wire.size(); ++size) {
      const GuardedBytes guarded(Bytes(wire).first(size));
      FrameHeader header;
      EXPECT_EQ(parse_frame_header(guarded.bytes(), header), size == wire.size() ? size : 0);
    }
  }
}

struct JudgedCase {
  const char* name;
  ByteVector wire;  // unmasked, as a client receives it
  std::error_code error;
};

TEST(Frame, R80_R81_R84_R85_R92_R100_one_defect_one_code) {
  const JudgedCase rows[] = {
      {"text", "81 05"_hex, {}},
      {"fragment", "02 7e 0100"_hex, {}},
      {"continuation", "80 00"_hex, {}},
      {"longest ping", "89 7d"_hex, {}},
      {"largest length", "82 7f 7fffffffffffffff"_hex, {}},
      {"rsv1", "c1 00"_hex, Errc::reserved_bits},
      {"rsv2", "a1 00"_hex, Errc::reserved_bits},
      {"rsv3", "91 00"_hex, Errc::reserved_bits},
      {"opcode 3", "83 00"_hex, Errc::reserved_opcode},
      {"opcode 15", "8f 00"_hex, Errc::reserved_opcode},
      {"ping without fin", "09 00"_hex, Errc::fragmented_control},
      {"ping of 126", "89 7e 007e"_hex, Errc::oversized_control},
      {"length above 2^63", "82 7f 8000000000000000"_hex, Errc::length_overflow},
      {"5 in 16 bits", "82 7e 0005"_hex, Errc::nonminimal_length},
  };
  for (const JudgedCase& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(check_frame_header(parsed(row.wire), {.receiver = Role::client}), row.error);
    EXPECT_EQ(check_frame_header(parsed(masked(row.wire)), {.receiver = Role::server}), row.error);
  }
}

TEST(Frame, R76_R78_the_mask_bit_by_role) {
  const FrameHeader plain = parsed("81 00"_hex);
  const FrameHeader keyed = parsed("81 80 00000000"_hex);
  EXPECT_EQ(check_frame_header(plain, {.receiver = Role::server}), Errc::missing_mask);
  EXPECT_EQ(check_frame_header(keyed, {.receiver = Role::client}), Errc::unexpected_mask);
  EXPECT_FALSE(check_frame_header(keyed, {.receiver = Role::server}));
  EXPECT_FALSE(check_frame_header(plain, {.receiver = Role::client}));
}

TEST(Frame, R80_rsv1_is_allowed_on_the_first_frame_of_a_message_if_it_was_agreed) {
  const FrameRules rules{.receiver = Role::client, .allow_rsv1 = true};
  EXPECT_FALSE(check_frame_header(parsed("c1 00"_hex), rules));
  EXPECT_FALSE(check_frame_header(parsed("42 00"_hex), rules));
  EXPECT_EQ(check_frame_header(parsed("c0 00"_hex), rules), Errc::reserved_bits);
  EXPECT_EQ(check_frame_header(parsed("c9 00"_hex), rules), Errc::reserved_bits);
  EXPECT_EQ(check_frame_header(parsed("c8 00"_hex), rules), Errc::reserved_bits);
  EXPECT_EQ(check_frame_header(parsed("a1 00"_hex), rules), Errc::reserved_bits);
  EXPECT_EQ(check_frame_header(parsed("d1 00"_hex), rules), Errc::reserved_bits);
}

TEST(Frame, R83_R85_what_is_written_is_parsed_again) {
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{125}, std::uint64_t{126}, std::uint64_t{65'535},
        std::uint64_t{65'536}, (std::uint64_t{1} << 63) - 1}) {
    for (unsigned bits = 0; bits < 32; ++bits) {
      FrameHeader header{.payload_size = size, .opcode = Opcode{std::uint8_t(bits % 16)}};
      header.fin = (bits & 1) != 0;
      header.rsv1 = (bits & 2) != 0;
      header.rsv2 = (bits & 4) != 0;
      header.rsv3 = (bits & 8) != 0;
      header.masked = (bits & 16) != 0;
      if (header.masked) header.mask = CountingKeys::key(bits);
      std::array<std::byte, max_frame_header_size> room{};
      const std::size_t written = encode_frame_header(header, room);
      EXPECT_EQ(written, frame_header_size(header));
      FrameHeader again;
      EXPECT_EQ(parse_frame_header(room, again), written);
      EXPECT_EQ(again, header);
      const FrameHead head = make_frame_head(header);
      EXPECT_EQ(owned(head.bytes()), owned(Bytes(room).first(written)));
    }
  }
}

TEST(Frame, R88_append_frame_masks_while_it_copies_and_leaves_the_payload_alone) {
  ByteBuffer out;
  ByteVector payload = bytes_of("Hello");
  const FrameHeader header{
      .mask = {std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}},
      .opcode = Opcode::text,
      .masked = true};
  append_frame(out, header, payload);
  EXPECT_EQ(owned(std::as_const(out).data()), "81 85 37fa213d 7f9f4d5158"_hex);
  EXPECT_EQ(payload, bytes_of("Hello"));
  append_frame(out, {.payload_size = 99, .opcode = Opcode::ping}, {});
  EXPECT_EQ(owned(std::as_const(out).data()), "81 85 37fa213d 7f9f4d5158 89 00"_hex)
      << "the size is the payload's";
}

/// The slow path as reference: accepts a legal data frame shorter than 64 KiB.
UsualFrame judged_in_full(Bytes in, Role receiver) {
  FrameHeader header;
  const std::size_t size = parse_frame_header(in, header);
  const bool usual = size > 0 && !check_frame_header(header, {.receiver = receiver}) &&
                     !is_control(header.opcode) && header.payload_size <= 0xFFFF;
  if (!usual) return {};
  return {.header_size = size, .payload_size = static_cast<std::size_t>(header.payload_size)};
}

TEST(Frame, a_usual_frame_is_one_that_parsing_and_judging_let_pass) {
  const unsigned lengths[] = {0, 1, 125, 126, 127, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF};
  std::size_t usual = 0;
  for (unsigned two = 0; two <= 0xFFFF; ++two) {
    for (const unsigned length : lengths) {
      const ByteVector wire{static_cast<std::byte>(two >> 8),
                            static_cast<std::byte>(two),
                            static_cast<std::byte>(length >> 8),
                            static_cast<std::byte>(length),
                            std::byte{},
                            std::byte{},
                            std::byte{},
                            std::byte{}};
      for (const Role receiver : {Role::server, Role::client}) {
        for (std::size_t size = 0; size <= wire.size(); ++size) {
          const Bytes in = Bytes(wire).first(size);
          const UsualFrame expected = judged_in_full(in, receiver);
          const UsualFrame frame = usual_frame(in, receiver);
          ASSERT_EQ(frame.header_size, expected.header_size) << to_hex(in);
          ASSERT_EQ(frame.payload_size, expected.payload_size) << to_hex(in);
          usual += frame.header_size > 0 ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GT(usual, 0U);
}

TEST(Frame, a_usual_frame_is_looked_for_in_nothing_but_its_input) {
  for (const char* text : {"8185 01020304", "82fe 0100 01020304", "8105", "827e 0100"}) {
    const ByteVector wire = from_hex(text);
    for (std::size_t size = 0; size <= wire.size(); ++size) {
      const GuardedBytes guarded(Bytes(wire).first(size));
      for (const Role receiver : {Role::server, Role::client}) {
        (void)usual_frame(guarded.bytes(), receiver);
      }
    }
  }
}

TEST(Frame, a_whole_message_is_written_as_any_frame_is) {
  for (const Opcode opcode : {Opcode::text, Opcode::binary}) {
    for (const std::size_t size : {0U, 1U, 16U, 125U, 126U, 127U, 0xFFFFU, 0x10000U, 100'000U}) {
      const ByteVector payload(size, std::byte{0x5A});
      ByteBuffer plain;
      ByteBuffer quick;
      for (int twice = 0; twice < 2; ++twice) {
        append_frame(plain, {.opcode = opcode}, payload);
        append_whole_message(quick, opcode, payload);
      }
      EXPECT_EQ(owned(quick.data()), owned(plain.data())) << size;
    }
  }
}

}  // namespace
}  // namespace wirespan::test
