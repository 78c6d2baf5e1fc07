// sanitizers.hpp - tells which sanitizer this is compiled with: WIRESPAN_ASAN, WIRESPAN_TSAN. g++
// and clang say it in different ways. Private.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WIRESPAN_ASAN
#endif
#if __has_feature(thread_sanitizer)
#define WIRESPAN_TSAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(WIRESPAN_ASAN)
#define WIRESPAN_ASAN
#endif
#if defined(__SANITIZE_THREAD__) && !defined(WIRESPAN_TSAN)
#define WIRESPAN_TSAN
#endif
