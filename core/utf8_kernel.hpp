// utf8_kernel.hpp - validates UTF-8 by table lookup, a vector at a time. RFC 3629 §4. Private to
// core.
//
// J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte" (2020): every
// kind of mistake but one shows in two neighbouring bytes, and there in three of their four
// nibbles. Three lookups in tables of 16 entries give the mistakes that each nibble allows; the
// mistakes that all three allow (AND) were made. The exception: whether a byte must be the third or
// fourth of a code point depends on the bytes two and three before it.
//
// A source that includes this header defines WIRESPAN_TARGET, as for mask_kernel.hpp, and a class V
// of vector operations for its instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace wirespan::kernels {
namespace {

using Nibbles = std::uint16_t;  // a set of nibbles: bit n for nibble n
/// Lookup table of 16 entries, four times: the shuffle instructions look up within each 16 bytes of
/// a vector.
using Table = std::array<std::uint8_t, 64>;

/// Returns the set of the nibbles `first` to `last`.
constexpr Nibbles from_to(unsigned first, unsigned last) noexcept {
  return static_cast<Nibbles>((2U << last) - (1U << first));
}
constexpr Nibbles any_nibble = 0xFFFF;
constexpr Nibbles continuation = from_to(0x8, 0xB);

/// Two bytes that must not follow each other: both nibbles of the first byte, the high nibble of
/// the second.
struct Mistake {
  Nibbles high;
  Nibbles low;
  Nibbles next_high;
  std::uint8_t bit;
};
/// Bit of two continuation bytes in a row: right or wrong depending on the bytes further back.
constexpr std::uint8_t two_continuations = 0x80;
constexpr Mistake mistakes[] = {
    {from_to(0xC, 0xF), any_nibble, from_to(0x0, 0x7), 0x01},         // a code point is cut short
    {from_to(0xC, 0xF), any_nibble, from_to(0xC, 0xF), 0x01},         //
    {from_to(0x0, 0x7), any_nibble, continuation, 0x02},              // continuation after ASCII
    {from_to(0xC, 0xC), from_to(0x0, 0x1), continuation, 0x04},       // C0, C1: overlong
    {from_to(0xE, 0xE), from_to(0x0, 0x0), from_to(0x8, 0x9), 0x08},  // E0 80..9F: overlong
    {from_to(0xE, 0xE), from_to(0xD, 0xD), from_to(0xA, 0xB), 0x10},  // ED A0..BF: surrogates
    {from_to(0xF, 0xF), from_to(0x4, 0xF), from_to(0x9, 0xB), 0x20},  // F4 90..: above U+10FFFF
    {from_to(0xF, 0xF), from_to(0x5, 0xF), from_to(0x8, 0x8), 0x40},  // F5..FF: the same
    {from_to(0xF, 0xF), from_to(0x0, 0x0), from_to(0x8, 0x8), 0x40},  // F0 80..8F: overlong
    {continuation, any_nibble, continuation, two_continuations},
};

/// Returns the lookup table of one nibble position: for each nibble, the bits of the mistakes that
/// it allows.
constexpr Table table_of(Nibbles Mistake::*nibbles) noexcept {
  Table table{};
  for (const Mistake& mistake : mistakes) {
    for (unsigned n = 0; n < table.size(); ++n) {
      if ((mistake.*nibbles >> n % 16 & 1) != 0) table[n] |= mistake.bit;
    }
  }
  return table;
}
alignas(64) constexpr Table high_table = table_of(&Mistake::high);
alignas(64) constexpr Table low_table = table_of(&Mistake::low);
alignas(64) constexpr Table next_high_table = table_of(&Mistake::next_high);

/// Returns a vector that is not 0 in each byte that is wrong after the bytes one, two and three
/// before it.
template <class V>
WIRESPAN_TARGET inline V wrong_bytes(V bytes, V one_back, V two_back, V three_back) noexcept {
  const V pairs = one_back.high_nibbles().look_up(high_table) &
                  one_back.low_nibbles().look_up(low_table) &
                  bytes.high_nibbles().look_up(next_high_table);
  // 0x80 in each byte that must be the third or fourth of a code point: two bytes after E0 and
  // above, or three bytes after F0 and above. The bit of two continuations must be set exactly
  // there, and no other bit anywhere.
  const V must_continue =
      two_back.minus_down_to_zero(0xE0 - 0x80) | three_back.minus_down_to_zero(0xF0 - 0x80);
  return (must_continue & V::all(0x80)) ^ pairs;
}

/// Returns a vector that is not 0 if the last three bytes begin a code point and do not end it.
template <class V>
WIRESPAN_TARGET inline V unfinished(V bytes) noexcept {
  return bytes.tail_above(0xEF, 0xDF, 0xBF);
}

/// wrong_bytes() of the vector at the beginning of a text.
template <class V>
WIRESPAN_TARGET inline V wrong_at_start(V bytes) noexcept {
  return wrong_bytes(bytes, bytes.template shifted<1>(), bytes.template shifted<2>(),
                     bytes.template shifted<3>());
}

/// wrong_bytes() of a vector with at least three bytes before it. Three more unaligned loads are
/// quicker than shifting between registers, because shuffles are the bottleneck.
template <class V>
WIRESPAN_TARGET inline V wrong_inside(const std::byte* text) noexcept {
  return wrong_bytes(V::load(text), V::load(text - 1), V::load(text - 2), V::load(text - 3));
}

/// Bytes that are tested for ASCII at a time.
constexpr std::size_t stride = 64;

/// True if the `stride` bytes at `text` are all ASCII.
template <class V>
WIRESPAN_TARGET inline bool is_ascii_stride(const std::byte* text) noexcept {
  V all = V::load(text);
  for (std::size_t i = V::width; i < stride; i += V::width) all = all | V::load(text + i);
  return all.is_ascii();
}

/// Checks strides from `at` up to and including the first ASCII one, which may cut a code point
/// short; at least one. A separate loop, so that the tables and constants stay in registers.
template <class V>
WIRESPAN_TARGET inline V wrong_in_run(const std::byte* text, std::size_t& at,
                                      std::size_t size) noexcept {
  V wrong = V::all(0);
  bool ascii = false;
  do {
    for (std::size_t i = 0; i < stride; i += V::width) {
      wrong = wrong | wrong_inside<V>(text + at + i);
    }
    ascii = is_ascii_stride<V>(text + at);
    at += stride;
  } while (!ascii && at + stride <= size);
  return wrong;
}

/// Least size in bytes of a text for check_text().
template <class V>
constexpr std::size_t min_size = V::width + 3;

/// Checks a text below min_size, padded with zeros, which are ASCII. For the narrowest vectors
/// only: the wider variants leave short texts to those.
template <class V>
WIRESPAN_TARGET inline bool check_short(const std::byte* text, std::size_t size) noexcept {
  std::array<std::byte, 3 * V::width> padded{};
  std::memcpy(padded.data() + V::width, text, size);
  const V first = wrong_inside<V>(padded.data() + V::width);
  return !(first | wrong_inside<V>(padded.data() + 2 * V::width)).any();
}

/// Checks a text of at least min_size<V> bytes. Fast path: ASCII strides after ASCII take one test
/// per stride. The last vector of the text may overlap the one before it, so there is no tail of
/// single bytes.
template <class V>
WIRESPAN_TARGET inline bool check_text(const std::byte* text, std::size_t size) noexcept {
  const V head = V::load(text);
  V wrong = wrong_at_start(head);
  bool after_ascii = head.is_ascii();
  std::size_t at = V::width;
  while (at + stride <= size) {
    if (!after_ascii || !is_ascii_stride<V>(text + at)) {
      wrong = wrong | wrong_in_run<V>(text, at, size);
      after_ascii = true;
    } else {
      at += stride;
    }
  }
  for (; at + V::width < size; at += V::width) wrong = wrong | wrong_inside<V>(text + at);
  const std::byte* last = text + size - V::width;
  return !(wrong | wrong_inside<V>(last) | unfinished(V::load(last))).any();
}

}  // namespace
}  // namespace wirespan::kernels
