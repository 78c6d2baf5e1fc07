// kernels.hpp - vector variants of masking and UTF-8 validation, the two loops that touch every
// payload byte, and the CPU dispatch among them. Private to core; the tests compare each variant
// with the reference implementation. RFC 6455 §5.3, §8.1.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include <wirespan/core/mask.hpp>

namespace wirespan::kernels {

/// Returns the mask key as a word that begins with the octet for payload position `phase`: XOR with
/// payload words that are loaded from memory, on either byte order.
[[nodiscard]] inline std::uint32_t key_word(MaskKey key, std::size_t phase) noexcept {
  const auto word = std::bit_cast<std::uint32_t>(key);
  const auto bits = static_cast<int>(8 * (phase & 3));
  return std::endian::native == std::endian::little ? std::rotr(word, bits) : std::rotl(word, bits);
}
/// Returns a key_word() as it is `phase` bytes further in the payload.
[[nodiscard]] inline std::uint32_t advance(std::uint32_t key, std::size_t phase) noexcept {
  return key_word(std::bit_cast<MaskKey>(key), phase);
}

/// Least size in bytes that a MaskLoop takes. Shorter payloads are masked inline, without a call
/// through a function pointer.
inline constexpr std::size_t min_mask_size = 129;
/// Masks `size` bytes. `to` and `from` are the same address or do not overlap.
using MaskLoop = void (*)(std::byte* to, const std::byte* from, std::size_t size,
                          std::uint32_t key) noexcept;
/// Returns true if the text is valid UTF-8 and ends with a whole code point.
using Utf8Check = bool (*)(const std::byte* text, std::size_t size) noexcept;

/// One implementation of a kernel. usable(): this CPU has the instructions.
template <class Function>
struct Variant {
  const char* name;
  bool (*usable)() noexcept;
  Function run;
};

/// Return all variants in this build, the fastest first; the last one runs on every CPU.
[[nodiscard]] std::span<const Variant<MaskLoop>> mask_loops() noexcept;
[[nodiscard]] std::span<const Variant<Utf8Check>> utf8_checks() noexcept;

/// CPU dispatch: returns the first variant that this CPU can run.
template <class Function>
[[nodiscard]] Function choose(std::span<const Variant<Function>> variants) noexcept {
  for (const auto& variant : variants.first(variants.size() - 1)) {
    if (variant.usable()) return variant.run;
  }
  return variants.back().run;
}

#if defined(__x86_64__)
void mask_avx2(std::byte* to, const std::byte* from, std::size_t size, std::uint32_t key) noexcept;
void mask_avx512(std::byte* to, const std::byte* from, std::size_t size,
                 std::uint32_t key) noexcept;
[[nodiscard]] bool utf8_ssse3(const std::byte* text, std::size_t size) noexcept;
[[nodiscard]] bool utf8_avx2(const std::byte* text, std::size_t size) noexcept;
[[nodiscard]] bool utf8_avx512(const std::byte* text, std::size_t size) noexcept;
#elif defined(__aarch64__)
[[nodiscard]] bool utf8_neon(const std::byte* text, std::size_t size) noexcept;
#endif

}  // namespace wirespan::kernels
