// posix_calls.cpp - system_calls.hpp for any POSIX system.
#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include <wirespan/net/pollers.hpp>
#include <wirespan/net/system_calls.hpp>

namespace wirespan::net {
namespace {

/// Closes a descriptor that cannot be prepared.
int prepared(int fd) noexcept {
  if (fd < 0 || make_nonblocking_and_closed_on_exec(fd)) return fd;
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
