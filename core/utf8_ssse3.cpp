// utf8_ssse3.cpp - the UTF-8 check in vectors of 16 bytes (SSSE3). RFC 3629 §4.
#if defined(__x86_64__)

#include <immintrin.h>

#define WIRESPAN_TARGET [[gnu::target("ssse3")]]
#include <wirespan/core/kernels.hpp>
#include <wirespan/core/utf8_kernel.hpp>

namespace wirespan::kernels {
namespace {

struct Ssse3 {
  static constexpr std::size_t width = 16;
  __m128i value;

  WIRESPAN_TARGET static Ssse3 load(const void* from) noexcept {
    return {_mm_loadu_si128(static_cast<const __m128i*>(from))};
  }
  WIRESPAN_TARGET static Ssse3 all(int byte) noexcept {
    return {_mm_set1_epi8(static_cast<char>(byte))};
  }
  WIRESPAN_TARGET Ssse3 operator|(Ssse3 other) const noexcept {
    return {_mm_or_si128(value, other.value)};
  }
  WIRESPAN_TARGET Ssse3 operator&(Ssse3 other) const noexcept {
    return {_mm_and_si128(value, other.value)};
  }
  WIRESPAN_TARGET Ssse3 operator^(Ssse3 other) const noexcept {
    return {_mm_xor_si128(value, other.value)};
  }
  [[nodiscard]] WIRESPAN_TARGET bool any() const noexcept {
    return _mm_movemask_epi8(_mm_cmpeq_epi8(value, _mm_setzero_si128())) != 0xFFFF;
  }
  [[nodiscard]] WIRESPAN_TARGET bool is_ascii() const noexcept {
    return _mm_movemask_epi8(value) == 0;
  }
  [[nodiscard]] WIRESPAN_TARGET Ssse3 minus_down_to_zero(int byte) const noexcept {
    return {_mm_subs_epu8(value, all(byte).value)};
  }
  [[nodiscard]] WIRESPAN_TARGET Ssse3 low_nibbles() const noexcept { return *this & all(0x0F); }
  [[nodiscard]] WIRESPAN_TARGET Ssse3 high_nibbles() const noexcept {
    return Ssse3{_mm_srli_epi16(value, 4)}.low_nibbles();
  }
  [[nodiscard]] WIRESPAN_TARGET Ssse3 look_up(const Table& table) const noexcept {
    return {_mm_shuffle_epi8(load(table.data()).value, value)};
  }
  /// Returns the bytes moved `count` positions towards the end, after zeros.
  template <int count>
  [[nodiscard]] WIRESPAN_TARGET Ssse3 shifted() const noexcept {
    return {_mm_slli_si128(value, count)};
  }
  /// Returns by how much each of the last three bytes exceeds its limit, else 0; 0 elsewhere.
  [[nodiscard]] WIRESPAN_TARGET Ssse3 tail_above(int third_last, int second_last,
                                                 int last) const noexcept {
    const int limits = static_cast<int>(0xFFU | static_cast<unsigned>(third_last) << 8 |
                                        static_cast<unsigned>(second_last) << 16 |
                                        static_cast<unsigned>(last) << 24);
    return {_mm_subs_epu8(value, _mm_set_epi32(limits, -1, -1, -1))};
  }
};

}  // namespace

WIRESPAN_TARGET bool utf8_ssse3(const std::byte* text, std::size_t size) noexcept {
  return size < min_size<Ssse3> ? check_short<Ssse3>(text, size) : check_text<Ssse3>(text, size);
}

}  // namespace wirespan::kernels

#endif
