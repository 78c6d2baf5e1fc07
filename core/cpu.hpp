// cpu.hpp - run-time detection of CPU features: one binary serves all processors. Private to core.
#pragma once

namespace wirespan::cpu {

/// True on every processor: for the portable variant.
[[nodiscard]] inline bool always() noexcept { return true; }

#if defined(__x86_64__)
// The compiler's run-time library also checks that the kernel saves the wide registers.
[[nodiscard]] inline bool has_ssse3() noexcept { return __builtin_cpu_supports("ssse3") != 0; }
[[nodiscard]] inline bool has_avx2() noexcept { return __builtin_cpu_supports("avx2") != 0; }
[[nodiscard]] inline bool has_avx512() noexcept {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0;
}
#endif

}  // namespace wirespan::cpu
