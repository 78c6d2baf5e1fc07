// plain_posix.hpp - for tests of what a build with WIRESPAN_PLAIN_POSIX does not have.
#pragma once

namespace wirespan::test {

/// True for a build with WIRESPAN_PLAIN_POSIX: Backend::epoll is poll, ports are not shared, and
/// receive times and half-closes of paused peers are not told.
#ifdef WIRESPAN_PLAIN_POSIX
inline constexpr bool plain_posix = true;
#else
inline constexpr bool plain_posix = false;
#endif

}  // namespace wirespan::test
