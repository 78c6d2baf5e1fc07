#include <cassert>
#include <cstdint>
#include <cstring>

#include <wirespan/core/mask.hpp>

namespace wirespan {
namespace {

/// The key as it lies in memory from `phase` on, repeated to eight bytes.
std::uint64_t repeated_key(MaskKey key, std::size_t phase) noexcept {
  std::array<std::byte, 8> pattern;
  for (std::size_t i = 0; i < pattern.size(); ++i) pattern[i] = key[(phase + i) & 3];
  std::uint64_t word = 0;
  std::memcpy(&word, pattern.data(), sizeof word);
  return word;
}

/// One pass over `size` bytes; `to` and `from` are the same place or do not overlap. Words go
/// through memcpy, so nothing needs alignment and not a byte outside is touched. The inner loop has
/// a fixed length, which compilers turn into vector instructions.
void xor_words(std::byte* to, const std::byte* from, std::size_t size, std::uint64_t key) noexcept {
  constexpr std::size_t words = 8;
  constexpr std::size_t stride = words * sizeof(std::uint64_t);
  for (; size >= stride; size -= stride, to += stride, from += stride) {
    std::array<std::uint64_t, words> block;
    std::memcpy(block.data(), from, stride);
    for (std::uint64_t& word : block) word ^= key;
    std::memcpy(to, block.data(), stride);
  }
  for (; size >= sizeof key; size -= sizeof key, to += sizeof key, from += sizeof key) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof word);
    word ^= key;
    std::memcpy(to, &word, sizeof word);
  }
  std::array<std::byte, sizeof key> tail;
  std::memcpy(tail.data(), &key, sizeof key);
  for (std::size_t i = 0; i < size; ++i) to[i] = from[i] ^ tail[i];
}

}  // namespace

void apply_mask(MutableBytes data, MaskKey key, std::size_t phase) noexcept {
  xor_words(data.data(), data.data(), data.size(), repeated_key(key, phase));
}

void copy_masked(MutableBytes to, Bytes from, MaskKey key, std::size_t phase) noexcept {
  assert(to.size() == from.size());
  xor_words(to.data(), from.data(), from.size(), repeated_key(key, phase));
}

void apply_mask_reference(MutableBytes data, MaskKey key, std::size_t phase) noexcept {
  for (std::size_t i = 0; i < data.size(); ++i) data[i] ^= key[(phase + i) & 3];
}

void copy_masked_reference(MutableBytes to, Bytes from, MaskKey key, std::size_t phase) noexcept {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i] ^ key[(phase + i) & 3];
}

}  // namespace wirespan
