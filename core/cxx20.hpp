// cxx20.hpp - one clear line for a compiler that was not told to read C++20, and an end there: what
// follows would be hundreds of errors about everything else.
#pragma once

#if __cplusplus < 202002L
#error "wirespan needs C++20: g++ 11, clang 14 or a later one, with -std=c++20"
#include <wirespan/needs/cxx20>
#endif
