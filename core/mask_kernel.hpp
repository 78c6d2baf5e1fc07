// mask_kernel.hpp - the mask loop for one width of vectors. RFC 6455 §5.3. Private to core.
//
// A source that includes this names the instructions in WIRESPAN_TARGET, an attribute: a template
// without it would be compiled for the oldest processor even where only newer ones call it.
#pragma once

#include <cstring>

#include <wirespan/core/kernels.hpp>

namespace wirespan::kernels {
namespace {

template <class Vector>
WIRESPAN_TARGET inline Vector load(const std::byte* from) noexcept {
  Vector vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}

template <class Vector>
WIRESPAN_TARGET inline void store(std::byte* to, Vector vector) noexcept {
  std::memcpy(to, &vector, sizeof vector);
}

template <class Vector>
WIRESPAN_TARGET inline Vector spread(std::uint32_t key) noexcept {
  return Vector{} + key;
}

/// The stores of the loop are aligned. The ends of the data are read before the loop and written
/// after it, so they may overlap what the loop writes, also in place: no tail of single bytes.
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
