// utf8.cpp - validates UTF-8: short texts inline, long ones by CPU dispatch. RFC 3629 §4.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include <wirespan/core/cpu.hpp>
#include <wirespan/core/kernels.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {
namespace {

bool check_by_reference(const std::byte* text, std::size_t size) noexcept {
  Utf8Validator validator;
  return feed_reference(validator, Bytes(text, size)) && validator.complete();
}

constexpr kernels::Variant<kernels::Utf8Check> checks[] = {
#if defined(__x86_64__)
    {"avx512", cpu::has_avx512, kernels::utf8_avx512},
    {"avx2", cpu::has_avx2, kernels::utf8_avx2},
    {"ssse3", cpu::has_ssse3, kernels::utf8_ssse3},
#elif defined(__aarch64__)
    {"neon", cpu::always, kernels::utf8_neon},
#endif
    {"reference", cpu::always, check_by_reference},
};

bool choose_and_check(const std::byte* text, std::size_t size) noexcept;

/// Lazy CPU dispatch: the first call replaces this pointer by the chosen check. The race is benign:
/// every thread resolves to the same check.
constinit std::atomic<kernels::Utf8Check> utf8_check{choose_and_check};

bool choose_and_check(const std::byte* text, std::size_t size) noexcept {
  const auto chosen = kernels::choose(kernels::utf8_checks());
  utf8_check.store(chosen, std::memory_order_relaxed);
  return chosen(text, size);
}

template <class Word>
Word load(const std::byte* from) noexcept {
  Word word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

constexpr bool no_high_bit(std::uint64_t bytes) noexcept {
  return (bytes & 0x8080808080808080U) == 0;
}

/// True if 4 to 64 bytes are all ASCII. Loads words from both ends, which overlap in the middle: no
/// loop and no tail of single bytes.
bool is_short_ascii(const std::byte* text, std::size_t size) noexcept {
  const std::byte* end = text + size;
  if (size < 8) {
    return no_high_bit(load<std::uint32_t>(text) | load<std::uint32_t>(end - 4));
  }
  std::uint64_t all = load<std::uint64_t>(text) | load<std::uint64_t>(end - 8);
  if (size > 16) all |= load<std::uint64_t>(text + 8) | load<std::uint64_t>(end - 16);
  if (size > 32) {
    all |= load<std::uint64_t>(text + 16) | load<std::uint64_t>(end - 24);
    all |= load<std::uint64_t>(text + 24) | load<std::uint64_t>(end - 32);
  }
  return no_high_bit(all);
}

/// Fast path: texts of up to 64 bytes are mostly ASCII, and testing that inline is quicker than a
/// call through the function pointer.
bool is_valid(const std::byte* text, std::size_t size) noexcept {
  if (size < 4) return check_by_reference(text, size);
  if (size <= 64 && is_short_ascii(text, size)) return true;
  return utf8_check.load(std::memory_order_relaxed)(text, size);
}

/// Returns the number of bytes at the end, 0 to 3, that may begin a code point which the next piece
/// completes.
std::size_t unfinished_size(Bytes bytes) noexcept {
  constexpr std::array<std::byte, 3> shortest_lead{std::byte{0xC0}, std::byte{0xE0},
                                                   std::byte{0xF0}};
  const std::size_t most = std::min(bytes.size(), shortest_lead.size());
  for (std::size_t i = 0; i < most; ++i) {
    if (bytes[bytes.size() - 1 - i] >= shortest_lead[i]) return i + 1;
  }
  return 0;
}

}  // namespace

std::span<const kernels::Variant<kernels::Utf8Check>> kernels::utf8_checks() noexcept {
  return checks;
}

/// Only the code points that the piece cuts, one at its front and one at its end, go byte by byte
/// through the validator's state. The whole code points between them take the vector check, which
/// needs no state.
bool Utf8Validator::feed(Bytes bytes) noexcept {
  while (needed_ > 0 && !bytes.empty()) {
    if (!feed_reference(*this, bytes.first(1))) return false;
    bytes = bytes.subspan(1);
  }
  const std::size_t whole = bytes.size() - unfinished_size(bytes);
  return is_valid(bytes.data(), whole) && feed_reference(*this, bytes.subspan(whole));
}

bool feed_reference(Utf8Validator& validator, Bytes bytes) noexcept {
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<std::uint8_t>(byte);
    if (validator.needed_ > 0) {
      if (value < validator.low_ || value > validator.high_) return false;
      validator.low_ = 0x80;
      validator.high_ = 0xBF;
      --validator.needed_;
    } else if (value >= 0x80) {
      if (value < 0xC2 || value > 0xF4) return false;
      validator.needed_ = value < 0xE0 ? 1 : value < 0xF0 ? 2 : 3;
      if (value == 0xE0) validator.low_ = 0xA0;   // no overlong encodings
      if (value == 0xED) validator.high_ = 0x9F;  // no surrogates
      if (value == 0xF0) validator.low_ = 0x90;   // no overlong encodings
      if (value == 0xF4) validator.high_ = 0x8F;  // nothing above U+10FFFF
    }
  }
  return true;
}

bool is_valid_utf8(Bytes text) noexcept { return is_valid(text.data(), text.size()); }

}  // namespace wirespan
