// mask_avx2.cpp - the mask loop in vectors of 32 bytes (AVX2). RFC 6455 §5.3.
#if defined(__x86_64__)

#define WIRESPAN_TARGET [[gnu::target("avx2")]]
#include <wirespan/core/mask_kernel.hpp>

namespace wirespan::kernels {

WIRESPAN_TARGET void mask_avx2(std::byte* to, const std::byte* from, std::size_t size,
                               std::uint32_t key) noexcept {
  using Vector [[gnu::vector_size(32)]] = std::uint32_t;
  mask_vectors<Vector>(to, from, size, key);
}

}  // namespace wirespan::kernels

#endif
