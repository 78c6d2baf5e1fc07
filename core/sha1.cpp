// sha1.cpp - SHA-1. FIPS 180-4 §5.1.1, §6.1.2.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

#include <wirespan/core/sha1.hpp>

namespace wirespan {
namespace {

constexpr std::size_t chunk_size = 64;
using HashValue = std::array<std::uint32_t, 5>;

/// Returns the function of one step and its constant, added; both change every twenty steps. FIPS
/// 180-4 §4.1.1, §4.2.1.
std::uint32_t mix(std::size_t step, std::uint32_t b, std::uint32_t c, std::uint32_t d) noexcept {
  if (step < 20) return ((b & c) | (~b & d)) + 0x5A827999U;
  if (step < 40) return (b ^ c ^ d) + 0x6ED9EBA1U;
  if (step < 60) return ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDCU;
  return (b ^ c ^ d) + 0xCA62C1D6U;
}

void digest_chunk(HashValue& state, std::span<const std::byte, chunk_size> chunk) noexcept {
  std::array<std::uint32_t, 80> words;
  for (std::size_t i = 0; i < 16; ++i) {
    words[i] = load_big_endian<std::uint32_t>(chunk.subspan(4 * i).first<4>());
  }
  for (std::size_t i = 16; i < words.size(); ++i) {
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  }
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::uint32_t next = std::rotl(a, 5) + mix(i, b, c, d) + e + words[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  const HashValue sums{a, b, c, d, e};
  for (std::size_t i = 0; i < state.size(); ++i) state[i] += sums[i];
}

}  // namespace

Sha1Digest sha1(Bytes message) noexcept {
  HashValue state{0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
  Bytes rest = message;
  for (; rest.size() >= chunk_size; rest = rest.subspan(chunk_size)) {
    digest_chunk(state, rest.first<chunk_size>());
  }
  // Padding: a one bit, zeros, and the length in bits. FIPS 180-4 §5.1.1.
  std::array<std::byte, 2 * chunk_size> tail{};
  std::copy(rest.begin(), rest.end(), tail.begin());
  tail[rest.size()] = std::byte{0x80};
  const std::size_t tail_size = rest.size() + 9 <= chunk_size ? chunk_size : 2 * chunk_size;
  store_big_endian<std::uint64_t>(std::span(tail).subspan(tail_size - 8).first<8>(),
                                  std::uint64_t{message.size()} * 8);
  for (std::size_t at = 0; at < tail_size; at += chunk_size) {
    digest_chunk(state, std::span<const std::byte>(tail).subspan(at).first<chunk_size>());
  }
  Sha1Digest digest;
  for (std::size_t i = 0; i < state.size(); ++i) {
    store_big_endian<std::uint32_t>(std::span(digest).subspan(4 * i).first<4>(), state[i]);
  }
  return digest;
}

}  // namespace wirespan
