// mask_avx512.cpp - the mask loop in vectors of 64 bytes (AVX-512). RFC 6455 §5.3.
#if defined(__x86_64__)

#define WIRESPAN_TARGET [[gnu::target("avx512f,avx512bw")]]
#include <wirespan/core/mask_kernel.hpp>

namespace wirespan::kernels {

WIRESPAN_TARGET void mask_avx512(std::byte* to, const std::byte* from, std::size_t size,
                                 std::uint32_t key) noexcept {
  using Vector [[gnu::vector_size(64)]] = std::uint32_t;
  mask_vectors<Vector>(to, from, size, key);
}

}  // namespace wirespan::kernels

#endif
