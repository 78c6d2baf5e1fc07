// heap_counter.hpp - counts every heap call of this process, OpenSSL's and the C library's
// included.
#pragma once

#include <cstddef>

namespace wirespan::test {

/// Calls of malloc, calloc and realloc since the start of the process, operator new included.
[[nodiscard]] std::size_t heap_calls() noexcept;
/// Calls of operator new alone: the calls of C++ code, without those of OpenSSL.
[[nodiscard]] std::size_t new_calls() noexcept;

}  // namespace wirespan::test
