// core/kernels.hpp: every variant that this processor can run, against the reference
// implementations. RFC 6455 §5.3, §8.1.
#include <random>

#include <gtest/gtest.h>

#include "support/every_cut.hpp"
#include "support/guard_page.hpp"
#include "support/hex.hpp"
#include <wirespan/core/kernels.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan::test {
namespace {

constexpr MaskKey key{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};
constexpr std::size_t longest = 450;  // several strides of the widest loop
constexpr std::size_t alignments = 64;
constexpr std::size_t margin = 64;

template <class Function, class Run>
void for_every_usable(std::span<const kernels::Variant<Function>> variants, Run run) {
  int count = 0;
  for (const auto& variant : variants) {
    if (!variant.usable()) continue;
    SCOPED_TRACE(variant.name);
    run(variant.run);
    ++count;
  }
  EXPECT_GE(count, 1);
}

TEST(Kernels, the_last_variant_runs_everywhere) {
  EXPECT_TRUE(kernels::mask_loops().back().usable());
  EXPECT_TRUE(kernels::utf8_checks().back().usable());
}

TEST(Kernels, R88_mask_loops_equal_the_reference_over_every_length_alignment_and_phase) {
  for_every_usable(kernels::mask_loops(), [](kernels::MaskLoop loop) {
    const ByteVector content = pattern_bytes(longest + alignments + 2 * margin);
    alignas(64) std::array<std::byte, longest + alignments + 2 * margin> fast;
    std::copy(content.begin(), content.end(), fast.begin());
    ByteVector plain = content;
    for (std::size_t size = kernels::min_mask_size; size <= longest; ++size) {
      for (std::size_t alignment = 0; alignment < alignments; ++alignment) {
        for (std::size_t phase = 0; phase < 4; ++phase) {
          std::byte* data = fast.data() + margin + alignment;
          loop(data, data, size, kernels::key_word(key, phase));
          apply_mask_reference(MutableBytes(plain).subspan(margin + alignment, size), key, phase);
        }
      }
      ASSERT_TRUE(std::equal(fast.begin(), fast.end(), plain.begin())) << size;
    }
  });
}

TEST(Kernels, R88_mask_loops_copy_between_any_alignments) {
  for_every_usable(kernels::mask_loops(), [](kernels::MaskLoop loop) {
    const ByteVector from = pattern_bytes(longest + alignments);
    for (std::size_t size = kernels::min_mask_size; size <= longest; size += 13) {
      for (std::size_t alignment = 0; alignment < alignments; ++alignment) {
        ByteVector fast(longest + 2 * alignments);
        ByteVector plain = fast;
        const std::size_t other = (alignment * 5 + 3) % alignments;
        loop(fast.data() + other, from.data() + alignment, size, kernels::key_word(key, 1));
        copy_masked_reference(MutableBytes(plain).subspan(other, size),
                              Bytes(from).subspan(alignment, size), key, 1);
        ASSERT_EQ(fast, plain) << size << " " << alignment;
      }
    }
  });
}

TEST(Kernels, mask_loops_touch_no_byte_beyond_their_data) {
  for_every_usable(kernels::mask_loops(), [](kernels::MaskLoop loop) {
    for (std::size_t size = kernels::min_mask_size; size <= longest; ++size) {
      const ByteVector data = pattern_bytes(size);
      for (const Guarded side : {Guarded::front, Guarded::end}) {
        const GuardedBytes from(data, side);
        const GuardedBytes to(data, side);
        loop(to.bytes().data(), from.bytes().data(), size, kernels::key_word(key, 0));
        loop(from.bytes().data(), from.bytes().data(), size, kernels::key_word(key, 0));
        ASSERT_EQ(owned(to.bytes()), owned(from.bytes())) << size;
      }
    }
  });
}

bool is_valid_by_reference(Bytes text) {
  Utf8Validator validator;
  return feed_reference(validator, text) && validator.complete();
}

/// Returns valid text of `size` bytes: code points of all lengths, mostly of one of them.
ByteVector random_text(std::mt19937& random, std::size_t size) {
  static const ByteVector points[] = {"61"_hex, "c3a9"_hex, "efbfbf"_hex, "f48fbfbf"_hex};
  const std::size_t favourite = random() % std::size(points);
  ByteVector text;
  while (text.size() < size) {
    const auto& point = points[random() % 4 == 0 ? random() % std::size(points) : favourite];
    const auto& fits = text.size() + point.size() <= size ? point : points[0];
    text.insert(text.end(), fits.begin(), fits.end());
  }
  return text;
}

TEST(Kernels, R113_utf8_checks_equal_the_reference_over_every_length) {
  for_every_usable(kernels::utf8_checks(), [](kernels::Utf8Check check) {
    std::mt19937 random(5);
    for (std::size_t size = 1; size <= 300; ++size) {
      for (int round = 0; round < 16; ++round) {
        ByteVector text = random_text(random, size);
        const GuardedBytes good(text, round % 2 == 0 ? Guarded::front : Guarded::end);
        ASSERT_TRUE(check(good.bytes().data(), size)) << to_hex(text);
        text[random() % size] = static_cast<std::byte>(random() & 255);
        ASSERT_EQ(check(text.data(), size), is_valid_by_reference(text)) << to_hex(text);
      }
    }
  });
}

/// Tries every first byte, with the second bytes at which a rule begins or ends, at every offset of
/// a block.
TEST(Kernels, R113_utf8_checks_judge_pairs_at_every_offset) {
  constexpr unsigned seconds[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
  for_every_usable(kernels::utf8_checks(), [&](kernels::Utf8Check check) {
    for (const std::size_t size : {16U, 70U, 140U}) {
      ByteVector text(size, std::byte{'a'});
      for (std::size_t at = 0; at + 2 <= size; ++at) {
        for (unsigned first = 0; first < 256; ++first) {
          for (const unsigned second : seconds) {
            text[at] = static_cast<std::byte>(first);
            text[at + 1] = static_cast<std::byte>(second);
            // The bytes before `at` are ASCII: the reference need not see them.
            const bool expected = is_valid_by_reference(Bytes(text).subspan(at));
            ASSERT_EQ(check(text.data(), size), expected) << to_hex(text);
          }
        }
        text[at] = text[at + 1] = std::byte{'a'};
      }
    }
  });
}

TEST(Kernels, R113_utf8_checks_see_a_text_that_ends_inside_a_code_point) {
  for_every_usable(kernels::utf8_checks(), [](kernels::Utf8Check check) {
    for (const char* start : {"c3", "e2", "e282", "f0", "f09f", "f09f98"}) {
      for (std::size_t size = 1; size <= 200; ++size) {
        const ByteVector text = join({ByteVector(size, std::byte{'a'}), from_hex(start)});
        ASSERT_FALSE(check(text.data(), text.size())) << start << " after " << size;
      }
    }
  });
}

}  // namespace
}  // namespace wirespan::test
