// mask_kernel.hpp - the mask loop as a template over the vector width. RFC 6455 §5.3. Private to
// core.
//
// A source that includes this header defines WIRESPAN_TARGET, the attribute that names the
// instruction set ([[gnu::target]]). A template without the attribute would be compiled for the
// baseline CPU even if only newer ones call it.
#pragma once

#include <cstring>

#include <wirespan/core/kernels.hpp>

namespace wirespan::kernels {
namespace {

/// Unaligned load.
template <class Vector>
WIRESPAN_TARGET inline Vector load(const std::byte* from) noexcept {
  Vector vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}

/// Unaligned store.
template <class Vector>
WIRESPAN_TARGET inline void store(std::byte* to, Vector vector) noexcept {
  std::memcpy(to, &vector, sizeof vector);
}

/// Returns a vector with `key` in every word.
template <class Vector>
WIRESPAN_TARGET inline Vector spread(std::uint32_t key) noexcept {
  return Vector{} + key;
}

/// Masks at least min_mask_size bytes with aligned stores, 128 bytes per iteration. The first
/// vector and the last 128 bytes are loaded before the loop and stored after it, so they may
/// overlap what the loop writes, also in place: there is no tail of single bytes.
template <class Vector>
WIRESPAN_TARGET inline void mask_vectors(std::byte* to, const std::byte* from, std::size_t size,
                                         std::uint32_t key) noexcept {
  constexpr std::size_t width = sizeof(Vector);
  constexpr std::size_t stride = min_mask_size - 1;
  constexpr std::size_t count = stride / width;
  const auto head = load<Vector>(from) ^ spread<Vector>(key);
  Vector tail[count];
  const auto tail_key = spread<Vector>(advance(key, size - stride));
  for (std::size_t i = 0; i < count; ++i) {
    tail[i] = load<Vector>(from + size - stride + i * width) ^ tail_key;
  }
  std::size_t at = width - (std::bit_cast<std::uintptr_t>(to) & (width - 1));
  const auto loop_key = spread<Vector>(advance(key, at));
  for (; at + stride < size; at += stride) {
    for (std::size_t i = 0; i < count; ++i) {
      store(to + at + i * width, load<Vector>(from + at + i * width) ^ loop_key);
    }
  }
  store(to, head);
  for (std::size_t i = 0; i < count; ++i) store(to + size - stride + i * width, tail[i]);
}

}  // namespace
}  // namespace wirespan::kernels
