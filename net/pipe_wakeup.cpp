// pipe_wakeup.cpp - Wakeup on any POSIX system: a pipe.
#include <array>
#include <cerrno>
#include <system_error>

#include <unistd.h>

#include <wirespan/net/system_calls.hpp>
#include <wirespan/net/wakeup.hpp>

namespace wirespan::net {
Wakeup::Wakeup() {
  std::array<int, 2> ends{-1, -1};
  const bool made = ::pipe(ends.data()) == 0;
  fd_ = UniqueFd(ends[0]);
  write_end_ = UniqueFd(ends[1]);
  if (!made || !make_nonblocking_and_closed_on_exec(ends[0]) ||
      !make_nonblocking_and_closed_on_exec(ends[1])) {
    throw std::system_error(errno, std::system_category(), "pipe");
  }
}

void Wakeup::notify() noexcept {
  const int saved = errno;  // a signal handler must not change it
  const char one = 1;
  // A full pipe is readable, so nothing is missing then.
  while (::write(write_end_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  errno = saved;
}

void Wakeup::drain() noexcept {
  std::array<char, 256> bytes;
  while (true) {
    const auto size = ::read(fd_.get(), bytes.data(), bytes.size());
    const bool again = size == static_cast<::ssize_t>(bytes.size()) || (size < 0 && errno == EINTR);
    if (!again) return;
  }
}

}  // namespace wirespan::net
