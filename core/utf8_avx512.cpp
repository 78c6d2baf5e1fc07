// utf8_avx512.cpp - the UTF-8 check in vectors of 64 bytes (AVX-512). RFC 3629 §4.
#if defined(__x86_64__)

#include <immintrin.h>

#define WIRESPAN_TARGET [[gnu::target("avx512f,avx512bw")]]
#include <wirespan/core/kernels.hpp>
#include <wirespan/core/utf8_kernel.hpp>

namespace wirespan::kernels {
namespace {

struct Avx512 {
  static constexpr std::size_t width = 64;
  __m512i value;

  WIRESPAN_TARGET static Avx512 load(const void* from) noexcept {
    return {_mm512_loadu_si512(from)};
  }
  WIRESPAN_TARGET static Avx512 all(int byte) noexcept {
    return {_mm512_set1_epi8(static_cast<char>(byte))};
  }
  WIRESPAN_TARGET Avx512 operator|(Avx512 other) const noexcept {
    return {_mm512_or_si512(value, other.value)};
  }
  WIRESPAN_TARGET Avx512 operator&(Avx512 other) const noexcept {
    return {_mm512_and_si512(value, other.value)};
  }
  WIRESPAN_TARGET Avx512 operator^(Avx512 other) const noexcept {
    return {_mm512_xor_si512(value, other.value)};
  }
  [[nodiscard]] WIRESPAN_TARGET bool any() const noexcept {
    return _mm512_test_epi8_mask(value, value) != 0;
  }
  [[nodiscard]] WIRESPAN_TARGET bool is_ascii() const noexcept {
    return _mm512_movepi8_mask(value) == 0;
  }
  [[nodiscard]] WIRESPAN_TARGET Avx512 minus_down_to_zero(int byte) const noexcept {
    return {_mm512_subs_epu8(value, all(byte).value)};
  }
  [[nodiscard]] WIRESPAN_TARGET Avx512 low_nibbles() const noexcept { return *this & all(0x0F); }
  [[nodiscard]] WIRESPAN_TARGET Avx512 high_nibbles() const noexcept {
    return Avx512{_mm512_srli_epi16(value, 4)}.low_nibbles();
  }
  [[nodiscard]] WIRESPAN_TARGET Avx512 look_up(const Table& table) const noexcept {
    return {_mm512_shuffle_epi8(load(table.data()).value, value)};
  }
  /// Returns the bytes moved `count` positions towards the end, after zeros.
  template <int count>
  [[nodiscard]] WIRESPAN_TARGET Avx512 shifted() const noexcept {
    // Zeroes by a mask, although a zero vector would do: without one, GCC 12 warns in its header.
    const __m512i middle = _mm512_maskz_alignr_epi64(0xFC, value, value, 6);
    return {_mm512_alignr_epi8(value, middle, 16 - count)};
  }
  /// Returns by how much each of the last three bytes exceeds its limit, else 0; 0 elsewhere.
  [[nodiscard]] WIRESPAN_TARGET Avx512 tail_above(int third_last, int second_last,
                                                  int last) const noexcept {
    const int limits = static_cast<int>(0xFFU | static_cast<unsigned>(third_last) << 8 |
                                        static_cast<unsigned>(second_last) << 16 |
                                        static_cast<unsigned>(last) << 24);
    const __m512i every = _mm512_mask_set1_epi32(_mm512_set1_epi32(-1), 0x8000, limits);
    return {_mm512_subs_epu8(value, every)};
  }
};

}  // namespace

WIRESPAN_TARGET bool utf8_avx512(const std::byte* text, std::size_t size) noexcept {
  return size < min_size<Avx512> ? utf8_avx2(text, size) : check_text<Avx512>(text, size);
}

}  // namespace wirespan::kernels

#endif
