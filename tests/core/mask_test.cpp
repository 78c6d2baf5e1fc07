// core/mask.cpp: the fast loops against their reference implementations. RFC 6455 §5.3.
#include <array>

#include <gtest/gtest.h>

#include "support/every_cut.hpp"
#include "support/guard_page.hpp"
#include "support/hex.hpp"
#include <wirespan/core/mask.hpp>

namespace wirespan::test {
namespace {

constexpr MaskKey key{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};
constexpr std::size_t longest = 300;
constexpr std::size_t alignments = 32;
constexpr std::size_t margin = 64;

/// Memory with a margin around the part that a test uses, so that a write outside it shows.
struct Arena {
  alignas(64) std::array<std::byte, longest + alignments + 2 * margin> bytes;
  explicit Arena(Bytes content) {
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = content[i % content.size()];
  }
  [[nodiscard]] MutableBytes part(std::size_t alignment, std::size_t size) {
    return MutableBytes(bytes).subspan(margin + alignment, size);
  }
};

TEST(Mask, R88_in_place_equals_the_reference_over_every_length_alignment_and_phase) {
  const ByteVector content = pattern_bytes(sizeof(Arena));
  Arena fast(content);
  Arena plain(content);
  for (std::size_t size = 0; size <= longest; ++size) {
    for (std::size_t alignment = 0; alignment < alignments; ++alignment) {
      for (std::size_t phase = 0; phase < 4; ++phase) {
        apply_mask(fast.part(alignment, size), key, phase);
        apply_mask_reference(plain.part(alignment, size), key, phase);
      }
    }
    ASSERT_EQ(fast.bytes, plain.bytes) << size;
  }
}

TEST(Mask, R88_copying_equals_the_reference_over_every_length_alignment_and_phase) {
  const ByteVector content = pattern_bytes(sizeof(Arena));
  Arena from(content);
  Arena fast(content);
  Arena plain(content);
  for (std::size_t size = 0; size <= longest; ++size) {
    for (std::size_t alignment = 0; alignment < alignments; ++alignment) {
      const Bytes source = from.part(alignment, size);
      const std::size_t other = (alignment * 5 + 3) % alignments;
      for (std::size_t phase = 0; phase < 4; ++phase) {
        copy_masked(fast.part(other, size), source, key, phase);
        copy_masked_reference(plain.part(other, size), source, key, phase);
        ASSERT_EQ(fast.bytes, plain.bytes) << size << " " << alignment << " " << phase;
      }
    }
  }
  EXPECT_EQ(Arena(content).bytes, from.bytes) << "the source is not changed";
}

TEST(Mask, R88_the_reference_is_the_definition) {
  ByteVector data = "48656c6c6f"_hex;
  apply_mask_reference(data, key);
  EXPECT_EQ(data, "7f9f4d5158"_hex) << "the example of §5.7";
  apply_mask_reference(data, key);
  EXPECT_EQ(data, "48656c6c6f"_hex) << "twice is not at all";
  ByteVector rest = "6c6f"_hex;
  apply_mask_reference(rest, key, 3);
  EXPECT_EQ(rest, "5158"_hex) << "from the fourth byte on: 3d, then 37 again";
}

TEST(Mask, R88_pieces_give_the_same_as_the_whole) {
  const ByteVector data = pattern_bytes(97);
  ByteVector whole = data;
  apply_mask(whole, key);
  for_every_chopping(data, [&](const Chopping& chopping) {
    ByteVector out;
    for (const Bytes piece : chopping.pieces) {
      const std::size_t phase = out.size();
      const ExactCopy copy(piece);
      apply_mask(copy.bytes(), key, phase & 3);
      out.insert(out.end(), copy.bytes().begin(), copy.bytes().end());
    }
    EXPECT_EQ(out, whole) << chopping.name;
  });
}

TEST(Mask, a_phase_above_3_counts_modulo_4) {
  ByteVector one = pattern_bytes(50);
  ByteVector two = one;
  apply_mask(one, key, 2);
  apply_mask(two, key, 1'000'002);
  EXPECT_EQ(one, two);
}

TEST(Mask, touches_no_byte_beyond_its_data) {
  for (std::size_t size = 0; size <= longest; ++size) {
    const ByteVector data = pattern_bytes(size);
    ByteVector expected = data;
    apply_mask_reference(expected, key);
    const GuardedBytes from(data);
    const GuardedBytes to(data);
    copy_masked(to.bytes(), from.bytes(), key);
    EXPECT_EQ(owned(to.bytes()), expected) << size;
    apply_mask(from.bytes(), key);
    EXPECT_EQ(owned(from.bytes()), expected) << size;
  }
}

TEST(Mask, no_bytes_and_no_memory) {
  apply_mask({}, key, 3);
  copy_masked({}, {}, key, 3);
}

}  // namespace
}  // namespace wirespan::test
