// system_calls.hpp - the calls for which Linux has a way of its own, and POSIX a longer one or
// none. Private. linux_calls.cpp and posix_calls.cpp have the same functions; the build takes one
// of them.
#pragma once

#include <cerrno>
#include <memory>
#include <system_error>

#include <fcntl.h>
#include <sys/socket.h>

#include <wirespan/core/bytes.hpp>
#include <wirespan/net/poller.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan::net {

/// As socket() for a stream and as accept(), repeated after signals; the descriptor is non-blocking
/// and closed on exec. Negative, with the reason in errno, for a failure.
[[nodiscard]] int open_socket(int domain) noexcept;
[[nodiscard]] int accept_socket(int listener, sockaddr* address, socklen_t* size) noexcept;

/// Lets connect() choose the port of a socket that is bound to an address without one; best effort.
void choose_port_late(int fd) noexcept;

/// Whether the kernel spreads connections over several listeners of one port. Systems that let them
/// have it and give all connections to one do not count.
extern const bool ports_are_shared;
/// Lets other listeners have the port of this one; std::errc::not_supported where they cannot.
[[nodiscard]] std::error_code share_port(int fd) noexcept;

/// Lets the kernel note when bytes come. std::errc::not_supported where it does not.
[[nodiscard]] std::error_code note_receive_times(int fd) noexcept;
/// As recv(), with the time if it was noted. Errors are in errno.
[[nodiscard]] ::ssize_t receive_with_time(int fd, MutableBytes in, ReceiveTime& time) noexcept;

/// Fills `out` from the system's generator.
[[nodiscard]] std::error_code fill_randomly(MutableBytes out) noexcept;

/// Returns the poller that serves many descriptors best.
[[nodiscard]] std::unique_ptr<Poller> make_best_poller();

/// The error of the call that has just failed, from errno.
[[nodiscard]] inline std::error_code last_error() noexcept {
  return {errno, std::system_category()};
}

/// False, with the reason in errno, if the descriptor stays blocking.
[[nodiscard]] inline bool make_nonblocking(int fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}
/// Makes it non-blocking and closed on exec. Between its creation and this call another thread may
/// run another program, which then inherits it: POSIX has no call that does both at once.
[[nodiscard]] inline bool make_nonblocking_and_closed_on_exec(int fd) noexcept {
  return ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && make_nonblocking(fd);
}

/// Calls again while signals interrupt.
template <class Call>
auto uninterrupted(Call call) noexcept {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace wirespan::net
