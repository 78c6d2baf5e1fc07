// kernels.hpp - the variants of the two loops that touch every payload byte, and the choice among
// them. Private to core; the tests compare each variant with the plain twin. RFC 6455 §5.3, §8.1.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include <wirespan/core/mask.hpp>

namespace wirespan::kernels {

/// The key as it lies in memory from `phase` on, for loads and stores of whole words.
[[nodiscard]] inline std::uint32_t key_word(MaskKey key, std::size_t phase) noexcept {
  const auto word = std::bit_cast<std::uint32_t>(key);
  const auto bits = static_cast<int>(8 * (phase & 3));
  return std::endian::native == std::endian::little ? std::rotr(word, bits) : std::rotl(word, bits);
}
/// The same key, `phase` bytes further.
[[nodiscard]] inline std::uint32_t advance(std::uint32_t key, std::size_t phase) noexcept {
  return key_word(std::bit_cast<MaskKey>(key), phase);
}

/// Mask loops take at least this much: the caller has something quicker for less.
inline constexpr std::size_t min_mask_size = 129;
/// `to` and `from` are the same place or do not overlap.
using MaskLoop = void (*)(std::byte* to, const std::byte* from, std::size_t size,
                          std::uint32_t key) noexcept;
/// Is this, by itself, valid UTF-8?
using Utf8Check = bool (*)(const std::byte* text, std::size_t size) noexcept;

template <class Function>
struct Variant {
  const char* name;
  bool (*usable)() noexcept;
  Function run;
};

/// The best first; the last one runs everywhere.
[[nodiscard]] std::span<const Variant<MaskLoop>> mask_loops() noexcept;
[[nodiscard]] std::span<const Variant<Utf8Check>> utf8_checks() noexcept;

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
