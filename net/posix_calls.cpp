// posix_calls.cpp - system_calls.hpp for any POSIX system.
#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include <wirespan/net/pollers.hpp>
#include <wirespan/net/system_calls.hpp>

namespace wirespan::net {
namespace {

std::error_code last_error() noexcept { return {errno, std::system_category()}; }

/// Makes `fd` non-blocking and closed on exec. Closes it if that fails. Another thread may run
/// another program in between, which then inherits it: POSIX has no call that does both at once.
int prepared(int fd) noexcept {
  if (fd < 0) return fd;
  const int flags = ::fcntl(fd, F_GETFL);
  const bool done = ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && flags >= 0 &&
                    ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
#ifdef SO_NOSIGPIPE
  const int on = 1;  // where MSG_NOSIGNAL is not known
  (void)::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  if (done) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

}  // namespace

const bool ports_are_shared = false;

int open_socket(int domain) noexcept { return prepared(::socket(domain, SOCK_STREAM, 0)); }

int accept_socket(int listener, sockaddr* address, socklen_t* size) noexcept {
  return prepared(uninterrupted([&] { return ::accept(listener, address, size); }));
}

void choose_port_late(int) noexcept {}

std::error_code share_port(int) noexcept { return make_error_code(std::errc::not_supported); }

std::error_code note_receive_times(int) noexcept {
  return make_error_code(std::errc::not_supported);
}

::ssize_t receive_with_time(int fd, MutableBytes in, ReceiveTime&) noexcept {
  return uninterrupted([&] { return ::recv(fd, in.data(), in.size(), 0); });
}

std::error_code fill_randomly(MutableBytes out) noexcept {
  while (!out.empty()) {
    const std::size_t size = std::min<std::size_t>(out.size(), 256);  // getentropy()'s limit
    if (::getentropy(out.data(), size) != 0) return last_error();
    out = out.subspan(size);
  }
  return {};
}

std::unique_ptr<Poller> make_best_poller() { return make_poll_poller(); }

}  // namespace wirespan::net
