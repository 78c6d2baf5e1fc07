// eventfd_wakeup.cpp - Wakeup on Linux: an eventfd.
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/eventfd.h>

#include <wirespan/net/wakeup.hpp>

namespace wirespan::net {

Wakeup::Wakeup() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!fd_.is_open()) throw std::system_error(errno, std::system_category(), "eventfd");
}

void Wakeup::notify() noexcept {
  const int saved = errno;  // a signal handler must not change it
  const std::uint64_t one = 1;
  while (::write(fd_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  errno = saved;
}

void Wakeup::drain() noexcept {
  std::uint64_t count = 0;
  while (::read(fd_.get(), &count, sizeof count) < 0 && errno == EINTR) {
  }
}

}  // namespace wirespan::net
