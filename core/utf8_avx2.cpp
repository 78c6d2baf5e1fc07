// utf8_avx2.cpp - the UTF-8 check in vectors of 32 bytes (AVX2). RFC 3629 §4.
#if defined(__x86_64__)

#include <immintrin.h>

#define WIRESPAN_TARGET [[gnu::target("avx2")]]
#include <wirespan/core/kernels.hpp>
#include <wirespan/core/utf8_kernel.hpp>

namespace wirespan::kernels {
namespace {

struct Avx2 {
  static constexpr std::size_t width = 32;
  __m256i value;

  WIRESPAN_TARGET static Avx2 load(const void* from) noexcept {
    return {_mm256_loadu_si256(static_cast<const __m256i*>(from))};
  }
  WIRESPAN_TARGET static Avx2 all(int byte) noexcept {
    return {_mm256_set1_epi8(static_cast<char>(byte))};
  }
  WIRESPAN_TARGET Avx2 operator|(Avx2 other) const noexcept {
    return {_mm256_or_si256(value, other.value)};
  }
  WIRESPAN_TARGET Avx2 operator&(Avx2 other) const noexcept {
    return {_mm256_and_si256(value, other.value)};
  }
  WIRESPAN_TARGET Avx2 operator^(Avx2 other) const noexcept {
    return {_mm256_xor_si256(value, other.value)};
  }
  [[nodiscard]] WIRESPAN_TARGET bool any() const noexcept {
    return _mm256_testz_si256(value, value) == 0;
  }
  [[nodiscard]] WIRESPAN_TARGET bool is_ascii() const noexcept {
    return _mm256_movemask_epi8(value) == 0;
  }
  [[nodiscard]] WIRESPAN_TARGET Avx2 minus_down_to_zero(int byte) const noexcept {
    return {_mm256_subs_epu8(value, all(byte).value)};
  }
  [[nodiscard]] WIRESPAN_TARGET Avx2 low_nibbles() const noexcept { return *this & all(0x0F); }
  [[nodiscard]] WIRESPAN_TARGET Avx2 high_nibbles() const noexcept {
    return Avx2{_mm256_srli_epi16(value, 4)}.low_nibbles();
  }
  [[nodiscard]] WIRESPAN_TARGET Avx2 look_up(const Table& table) const noexcept {
    return {_mm256_shuffle_epi8(load(table.data()).value, value)};
  }
  /// Returns the bytes moved `count` positions towards the end, after zeros.
  template <int count>
  [[nodiscard]] WIRESPAN_TARGET Avx2 shifted() const noexcept {
    const __m256i middle = _mm256_permute2x128_si256(value, value, 0x08);
    return {_mm256_alignr_epi8(value, middle, 16 - count)};
  }
  /// Returns by how much each of the last three bytes exceeds its limit, else 0; 0 elsewhere.
  [[nodiscard]] WIRESPAN_TARGET Avx2 tail_above(int third_last, int second_last,
                                                int last) const noexcept {
    const int limits = static_cast<int>(0xFFU | static_cast<unsigned>(third_last) << 8 |
                                        static_cast<unsigned>(second_last) << 16 |
                                        static_cast<unsigned>(last) << 24);
    return {_mm256_subs_epu8(value, _mm256_set_epi32(limits, -1, -1, -1, -1, -1, -1, -1))};
  }
};

}  // namespace

WIRESPAN_TARGET bool utf8_avx2(const std::byte* text, std::size_t size) noexcept {
  return size < min_size<Avx2> ? utf8_ssse3(text, size) : check_text<Avx2>(text, size);
}

}  // namespace wirespan::kernels

#endif
