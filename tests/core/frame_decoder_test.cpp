// core/frame_decoder.cpp: bytes to chunks of frames, cut at any position.
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/every_cut.hpp"
#include "support/frames.hpp"
#include "support/hex.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/core/frame_decoder.hpp>

namespace wirespan::test {
namespace {

using Status = FrameDecoder::Status;

constexpr FrameRules as_client{.receiver = Role::client};
constexpr FrameRules as_server{.receiver = Role::server};

TEST(FrameDecoder, a_frame_in_one_piece_is_one_chunk_in_place) {
  FrameDecoder decoder(as_client);
  const ExactCopy wire("82 03 010203 81 00"_hex);
  MutableBytes input = wire.bytes();
  FrameChunk chunk;
  ASSERT_EQ(decoder.next(input, chunk), Status::chunk);
  EXPECT_EQ(chunk.header->opcode, Opcode::binary);
  EXPECT_EQ(chunk.payload.data(), wire.bytes().data() + 2);
  EXPECT_EQ(chunk.payload.size(), 3U);
  EXPECT_EQ(chunk.offset, 0U);
  EXPECT_TRUE(chunk.first && chunk.last);
  EXPECT_EQ(input.size(), 2U);
  ASSERT_EQ(decoder.next(input, chunk), Status::chunk);
  EXPECT_EQ(chunk.header->opcode, Opcode::text);
  EXPECT_TRUE(chunk.first && chunk.last && chunk.payload.empty());
  EXPECT_TRUE(decoder.between_frames());
  EXPECT_EQ(decoder.next(input, chunk), Status::need_more);
}

TEST(FrameDecoder, the_first_chunk_comes_with_the_header_even_without_payload) {
  FrameDecoder decoder(as_client);
  const ExactCopy header("82 7e 0100"_hex);
  MutableBytes input = header.bytes();
  FrameChunk chunk;
  ASSERT_EQ(decoder.next(input, chunk), Status::chunk);
  EXPECT_TRUE(chunk.first);
  EXPECT_FALSE(chunk.last);
  EXPECT_TRUE(chunk.payload.empty());
  EXPECT_EQ(decoder.remaining(), 256U);
  EXPECT_FALSE(decoder.between_frames());
  EXPECT_EQ(decoder.next(input, chunk), Status::need_more) << "no empty chunk after it";
}

/// The outcome of decoding a stream: the payload of each frame, joined again, and the error.
struct Decoded {
  std::vector<ByteVector> payloads;
  std::error_code error{};
};

Decoded decode(const Chopping& chopping, FrameRules rules) {
  Decoded decoded;
  FrameDecoder decoder(rules);
  ByteVector frame_so_far;
  bool first = true;
  for (const Bytes piece : chopping.pieces) {
    const ExactCopy block(piece);
    MutableBytes input = block.bytes();
    while (true) {
      FrameChunk chunk;
      const Status status = decoder.next(input, chunk);
      if (status == Status::need_more) break;
      if (status == Status::error) {
        decoded.error = decoder.error();
        return decoded;
      }
      EXPECT_EQ(chunk.first, first);
      EXPECT_EQ(chunk.offset, frame_so_far.size());
      unmask(chunk);
      frame_so_far = join({frame_so_far, owned(chunk.payload)});
      EXPECT_EQ(chunk.last, frame_so_far.size() == chunk.header->payload_size);
      first = chunk.last;
      if (chunk.last) decoded.payloads.push_back(std::exchange(frame_so_far, {}));
    }
    EXPECT_TRUE(input.empty()) << "everything is digested before it asks for more";
  }
  return decoded;
}

TEST(FrameDecoder, R88_frames_come_out_the_same_however_they_are_cut) {
  const std::vector<ByteVector> payloads{
      {}, "01"_hex, pattern_bytes(125), pattern_bytes(126), {}, pattern_bytes(300)};
  ByteVector wire;
  for (const ByteVector& payload : payloads) wire = join({wire, frame(0x82, payload)});
  for_every_chopping(wire, [&](const Chopping& chopping) {
    const Decoded decoded = decode(chopping, as_client);
    EXPECT_EQ(decoded.payloads, payloads) << chopping.name;
  });
  for_every_chopping(masked(wire), [&](const Chopping& chopping) {
    const Decoded decoded = decode(chopping, as_server);
    EXPECT_EQ(decoded.payloads, payloads) << chopping.name;
  });
}

TEST(FrameDecoder, R83_a_header_of_fourteen_bytes_cut_anywhere) {
  const ByteVector payload = pattern_bytes(65'536);
  const ByteVector wire = masked(frame(0x82, payload));
  for (std::size_t cut = 1; cut <= 14; ++cut) {
    const Chopping chopping{"cut", {Bytes(wire).first(cut), Bytes(wire).subspan(cut)}};
    EXPECT_EQ(decode(chopping, as_server).payloads, std::vector<ByteVector>{payload}) << cut;
  }
}

TEST(FrameDecoder, an_error_is_found_in_two_bytes_when_two_bytes_show_it) {
  const struct {
    ByteVector wire;
    Errc error;
  } rows[] = {
      {"c2 7f"_hex, Errc::reserved_bits},      {"83 7e"_hex, Errc::reserved_opcode},
      {"09 7d"_hex, Errc::fragmented_control}, {"89 7e"_hex, Errc::oversized_control},
      {"82 fe"_hex, Errc::unexpected_mask},
  };
  for (const auto& row : rows) {
    for (const Chopping& chopping : {pieces_of(row.wire, 2), pieces_of(row.wire, 1)}) {
      EXPECT_EQ(decode(chopping, as_client).error, row.error) << to_hex(row.wire);
    }
    EXPECT_FALSE(decode(pieces_of(Bytes(row.wire).first(1), 1), as_client).error);
  }
}

TEST(FrameDecoder, copy_unmasked_does_the_same_as_unmask) {
  const ByteVector payload = pattern_bytes(77);
  const ByteVector wire = masked(frame(0x82, payload));
  FrameDecoder decoder(as_server);
  ByteVector copied;
  for (const Bytes piece : pieces_of(wire, 10).pieces) {
    const ExactCopy block(piece);
    MutableBytes input = block.bytes();
    FrameChunk chunk;
    while (decoder.next(input, chunk) == Status::chunk) {
      const ByteVector before = owned(chunk.payload);
      ByteVector to(chunk.payload.size());
      copy_unmasked(to, chunk);
      EXPECT_EQ(owned(chunk.payload), before);
      copied = join({copied, to});
    }
  }
  EXPECT_EQ(copied, payload);
}

TEST(FrameDecoder, an_unmasked_chunk_is_left_as_it_is) {
  FrameDecoder decoder(as_client);
  const ExactCopy wire("82 03 010203"_hex);
  MutableBytes input = wire.bytes();
  FrameChunk chunk;
  ASSERT_EQ(decoder.next(input, chunk), Status::chunk);
  ByteVector copy(3);
  copy_unmasked(copy, chunk);
  unmask(chunk);
  EXPECT_EQ(owned(chunk.payload), "010203"_hex);
  EXPECT_EQ(copy, "010203"_hex);
}

TEST(FrameDecoder, R86_the_mask_bit_decides_not_the_key) {
  const FrameHeader header{.payload_size = 2, .mask = {std::byte{1}, std::byte{2}}};
  ByteVector payload = "0a0b"_hex;
  const FrameChunk chunk{.header = &header, .payload = payload, .first = true, .last = true};
  unmask(chunk);
  EXPECT_EQ(payload, "0a0b"_hex);
  ByteVector copy(2);
  copy_unmasked(copy, chunk);
  EXPECT_EQ(copy, "0a0b"_hex);
}

}  // namespace
}  // namespace wirespan::test
