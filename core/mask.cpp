// mask.cpp - masks payloads: short ones inline, long ones by CPU dispatch. RFC 6455 §5.3.
#include <array>
#include <cassert>

#include <wirespan/core/cpu.hpp>
#include <wirespan/core/kernels.hpp>
#include <wirespan/core/mask.hpp>

#define WIRESPAN_TARGET  // 16 bytes at a time: every x86-64 has SSE2, every AArch64 has NEON
#include <wirespan/core/mask_kernel.hpp>

namespace wirespan {
namespace {

using Vector16 [[gnu::vector_size(16)]] = std::uint32_t;

void mask_baseline(std::byte* to, const std::byte* from, std::size_t size,
                   std::uint32_t key) noexcept {
  kernels::mask_vectors<Vector16>(to, from, size, key);
}

constexpr kernels::Variant<kernels::MaskLoop> loops[] = {
#if defined(__x86_64__)
    {"avx512", cpu::has_avx512, kernels::mask_avx512},
    {"avx2", cpu::has_avx2, kernels::mask_avx2},
#endif
    {"baseline", cpu::always, mask_baseline},
};

void choose_and_mask(std::byte* to, const std::byte* from, std::size_t size,
                     std::uint32_t key) noexcept;

/// Lazy CPU dispatch: the first call replaces this pointer by the chosen loop. The race is benign:
/// every thread resolves to the same loop.
constinit std::atomic<kernels::MaskLoop> mask_loop{choose_and_mask};

void choose_and_mask(std::byte* to, const std::byte* from, std::size_t size,
                     std::uint32_t key) noexcept {
  const auto chosen = kernels::choose(kernels::mask_loops());
  mask_loop.store(chosen, std::memory_order_relaxed);
  chosen(to, from, size, key);
}

/// Masks the first `count` words and the last `count` words, which may overlap: all loads come
/// before any store, so masking in place works, too. No loop and no tail of single bytes.
template <class Word, std::size_t count>
inline void mask_ends(std::byte* to, const std::byte* from, std::size_t size, Word key,
                      Word tail_key) noexcept {
  constexpr std::size_t width = sizeof(Word);
  const std::size_t tail = size - count * width;
  Word words[2 * count];
  for (std::size_t i = 0; i < count; ++i) {
    words[i] = kernels::load<Word>(from + i * width) ^ key;
    words[count + i] = kernels::load<Word>(from + tail + i * width) ^ tail_key;
  }
  for (std::size_t i = 0; i < count; ++i) {
    kernels::store(to + i * width, words[i]);
    kernels::store(to + tail + i * width, words[count + i]);
  }
}

inline std::uint64_t doubled(std::uint32_t key) noexcept { return std::uint64_t{key} << 32 | key; }

/// Masks 0 to 3 bytes without a loop: the first, the middle and the last byte. These may be the
/// same byte, so all are read before any is written.
inline void mask_bytes(std::byte* to, const std::byte* from, std::size_t size,
                       std::uint32_t key) noexcept {
  if (size == 0) return;
  const auto pattern = std::bit_cast<MaskKey>(key);
  const std::size_t middle = size / 2;
  const std::size_t last = size - 1;
  const std::byte bytes[] = {from[0] ^ pattern[0], from[middle] ^ pattern[middle],
                             from[last] ^ pattern[last]};
  to[0] = bytes[0];
  to[middle] = bytes[1];
  to[last] = bytes[2];
}

inline void mask(std::byte* to, const std::byte* from, std::size_t size, MaskKey mask_key,
                 std::size_t phase) noexcept {
  const std::uint32_t key = kernels::key_word(mask_key, phase);
  if (size >= kernels::min_mask_size) {
    mask_loop.load(std::memory_order_relaxed)(to, from, size, key);
    return;
  }
  // The tail begins a multiple of four bytes before the end, so its phase is that of the end.
  const std::uint32_t tail_key = kernels::advance(key, size);
  if (size >= 16) {
    const auto keys = kernels::spread<Vector16>(key);
    const auto tail_keys = kernels::spread<Vector16>(tail_key);
    if (size > 64) return mask_ends<Vector16, 4>(to, from, size, keys, tail_keys);
    if (size > 32) return mask_ends<Vector16, 2>(to, from, size, keys, tail_keys);
    return mask_ends<Vector16, 1>(to, from, size, keys, tail_keys);
  }
  if (size >= 8) {
    return mask_ends<std::uint64_t, 1>(to, from, size, doubled(key), doubled(tail_key));
  }
  if (size >= 4) return mask_ends<std::uint32_t, 1>(to, from, size, key, tail_key);
  mask_bytes(to, from, size, key);
}

}  // namespace

std::span<const kernels::Variant<kernels::MaskLoop>> kernels::mask_loops() noexcept {
  return loops;
}

void apply_mask(MutableBytes data, MaskKey key, std::size_t phase) noexcept {
  mask(data.data(), data.data(), data.size(), key, phase);
}

void copy_masked(MutableBytes to, Bytes from, MaskKey key, std::size_t phase) noexcept {
  assert(to.size() == from.size());
  mask(to.data(), from.data(), from.size(), key, phase);
}

void apply_mask_reference(MutableBytes data, MaskKey key, std::size_t phase) noexcept {
  for (std::size_t i = 0; i < data.size(); ++i) data[i] ^= key[(phase + i) & 3];
}

void copy_masked_reference(MutableBytes to, Bytes from, MaskKey key, std::size_t phase) noexcept {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i] ^ key[(phase + i) & 3];
}

}  // namespace wirespan
