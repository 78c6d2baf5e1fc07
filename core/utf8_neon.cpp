// utf8_neon.cpp - the UTF-8 check in vectors of 16 bytes (NEON). RFC 3629 §4.
#if defined(__aarch64__)

#include <arm_neon.h>

#define WIRESPAN_TARGET  // every AArch64 has these instructions
#include <wirespan/core/kernels.hpp>
#include <wirespan/core/utf8_kernel.hpp>

namespace wirespan::kernels {
namespace {

struct Neon {
  static constexpr std::size_t width = 16;
  uint8x16_t value;

  static Neon load(const void* from) noexcept {
    return {vld1q_u8(static_cast<const std::uint8_t*>(from))};
  }
  static Neon all(int byte) noexcept { return {vdupq_n_u8(static_cast<std::uint8_t>(byte))}; }
  Neon operator|(Neon other) const noexcept { return {vorrq_u8(value, other.value)}; }
  Neon operator&(Neon other) const noexcept { return {vandq_u8(value, other.value)}; }
  Neon operator^(Neon other) const noexcept { return {veorq_u8(value, other.value)}; }
  [[nodiscard]] bool any() const noexcept { return vmaxvq_u8(value) != 0; }
  [[nodiscard]] bool is_ascii() const noexcept { return vmaxvq_u8(value) < 0x80; }
  [[nodiscard]] Neon minus_down_to_zero(int byte) const noexcept {
    return {vqsubq_u8(value, all(byte).value)};
  }
  [[nodiscard]] Neon low_nibbles() const noexcept { return *this & all(0x0F); }
  [[nodiscard]] Neon high_nibbles() const noexcept { return {vshrq_n_u8(value, 4)}; }
  [[nodiscard]] Neon look_up(const Table& table) const noexcept {
    return {vqtbl1q_u8(load(table.data()).value, value)};
  }
  /// Returns the bytes moved `count` positions towards the end, after zeros.
  template <int count>
  [[nodiscard]] Neon shifted() const noexcept {
    return {vextq_u8(all(0).value, value, 16 - count)};
  }
  /// Returns by how much each of the last three bytes exceeds its limit, else 0; 0 elsewhere.
  [[nodiscard]] Neon tail_above(int third_last, int second_last, int last) const noexcept {
    uint8x16_t limits = vdupq_n_u8(0xFF);
    limits = vsetq_lane_u8(static_cast<std::uint8_t>(third_last), limits, 13);
    limits = vsetq_lane_u8(static_cast<std::uint8_t>(second_last), limits, 14);
    limits = vsetq_lane_u8(static_cast<std::uint8_t>(last), limits, 15);
    return {vqsubq_u8(value, limits)};
  }
};

}  // namespace

bool utf8_neon(const std::byte* text, std::size_t size) noexcept {
  return size < min_size<Neon> ? check_short<Neon>(text, size) : check_text<Neon>(text, size);
}

}  // namespace wirespan::kernels

#endif
