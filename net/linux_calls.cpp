// linux_calls.cpp - system_calls.hpp for Linux.
#include <array>
#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <sys/random.h>
#include <sys/uio.h>

#include <wirespan/net/pollers.hpp>
#include <wirespan/net/system_calls.hpp>

namespace wirespan::net {
namespace {

std::error_code set_flag(int fd, int level, int name) noexcept {
  const int on = 1;
  return ::setsockopt(fd, level, name, &on, sizeof on) == 0 ? std::error_code{} : last_error();
}

/// Returns the receive time from the control message SCM_TIMESTAMPNS; unknown if there is none.
ReceiveTime receive_time(const msghdr& message) noexcept {
  const cmsghdr* note = CMSG_FIRSTHDR(&message);
  const bool is_time =
      note != nullptr && note->cmsg_level == SOL_SOCKET && note->cmsg_type == SCM_TIMESTAMPNS;
  if (!is_time) return {};
  timespec time{};
  std::memcpy(&time, CMSG_DATA(note), sizeof time);
  return ReceiveTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace

const bool ports_are_shared = true;

int open_socket(int domain) noexcept {
  return ::socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int accept_socket(int listener, sockaddr* address, socklen_t* size) noexcept {
  return uninterrupted(
      [&] { return ::accept4(listener, address, size, SOCK_NONBLOCK | SOCK_CLOEXEC); });
}

void choose_port_late(int fd) noexcept { (void)set_flag(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT); }

std::error_code share_port(int fd) noexcept { return set_flag(fd, SOL_SOCKET, SO_REUSEPORT); }

std::error_code note_receive_times(int fd) noexcept {
  int domain = AF_UNSPEC;
  socklen_t size = sizeof domain;
  if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) return last_error();
  if (domain != AF_INET && domain != AF_INET6) return make_error_code(std::errc::not_supported);
  return set_flag(fd, SOL_SOCKET, SO_TIMESTAMPNS);
}

::ssize_t receive_with_time(int fd, MutableBytes in, ReceiveTime& time) noexcept {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec))> control;
  // The time comes with the data: one recvmsg() instead of a second system call.
  iovec room{.iov_base = in.data(), .iov_len = in.size()};
  msghdr message{};
  message.msg_iov = &room;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto size = uninterrupted([&] { return ::recvmsg(fd, &message, 0); });
  if (size > 0) time = receive_time(message);
  return size;
}

std::error_code fill_randomly(MutableBytes out) noexcept {
  while (!out.empty()) {
    const auto size = uninterrupted([&] { return ::getrandom(out.data(), out.size(), 0); });
    if (size <= 0) return last_error();
    out = out.subspan(static_cast<std::size_t>(size));
  }
  return {};
}

std::unique_ptr<Poller> make_best_poller() { return make_epoll_poller(); }

}  // namespace wirespan::net
