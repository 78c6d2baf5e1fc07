// heap_counter.hpp - counts every call of the heap in this process, whoever makes it.
#pragma once

#include <cstddef>

namespace wirespan::test {

/// malloc, calloc and realloc since the start, operator new included.
[[nodiscard]] std::size_t heap_calls() noexcept;
/// operator new alone: calls of C++ code, which OpenSSL is not.
[[nodiscard]] std::size_t new_calls() noexcept;

}  // namespace wirespan::test
