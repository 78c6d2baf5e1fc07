// sockets.cpp - plain system calls that throw when a test cannot go on.
#include "support/sockets.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wirespan::test {
namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::system_error(errno, std::system_category(), what);
}

net::UniqueFd bound_socket(const char* host) {
  const net::Endpoint address = loopback(0, host);
  const int domain = address.data()->sa_family;
  net::UniqueFd fd(::socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  require(fd.is_open(), "socket");
  require(::bind(fd.get(), address.data(), address.size()) == 0, "bind");
  return fd;
}

net::Endpoint name_of(int fd) {
  sockaddr_storage storage{};
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  socklen_t size = sizeof storage;
  require(::getsockname(fd, address, &size) == 0, "getsockname");
  return {address, size};
}

bool wait_for(int fd, short events, std::chrono::milliseconds time) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  return ::poll(&entry, 1, static_cast<int>(time.count())) == 1;
}

/// Starts a non-blocking connect and does not wait for its result.
net::UniqueFd start_connecting(const net::Endpoint& peer) {
  const int domain = peer.data()->sa_family;
  net::UniqueFd fd(::socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  require(fd.is_open(), "socket");
  const int result = ::connect(fd.get(), peer.data(), peer.size());
  require(result == 0 || errno == EINPROGRESS, "connect");
  return fd;
}

}  // namespace

std::size_t open_descriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  require(folder != nullptr, "opendir");
  std::size_t count = 0;
  while (const dirent* entry = ::readdir(folder)) count += entry->d_name[0] != '.' ? 1 : 0;
  ::closedir(folder);
  return count - 1;  // without the opened folder itself
}

bool is_open_descriptor(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

net::Endpoint loopback(std::uint16_t port, const char* host) {
  return net::Endpoint::from_numeric(host, port).value();
}

SocketPair tcp_pair() {
  Listener listener;
  SocketPair pair{.ours = start_connecting(listener.endpoint()), .theirs = {}};
  require(wait_for(pair.ours.get(), POLLOUT, std::chrono::seconds(10)), "connect");
  pair.theirs = listener.accept_soon();
  return pair;
}

SocketPair unix_pair() {
  std::array<int, 2> fds{};
  const int kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  require(::socketpair(AF_UNIX, kind, 0, fds.data()) == 0, "socketpair");
  return {.ours = net::UniqueFd(fds[0]), .theirs = net::UniqueFd(fds[1])};
}

void shrink_send_buffer(int fd) {
  const int size = 8 << 10;
  require(::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0, "SO_SNDBUF");
}

Listener::Listener(const char* host, int backlog) : fd_(bound_socket(host)) {
  require(::listen(fd_.get(), backlog) == 0, "listen");
  endpoint_ = name_of(fd_.get());
}

net::UniqueFd Listener::accept() {
  return net::UniqueFd(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

net::UniqueFd Listener::accept_soon() {
  require(wait_for(fd_.get(), POLLIN, std::chrono::seconds(10)), "accept");
  net::UniqueFd fd = accept();
  require(fd.is_open(), "accept");
  return fd;
}

RefusingAddress::RefusingAddress(const char* host)
    : fd_(bound_socket(host)), endpoint_(name_of(fd_.get())) {}

/// Fills the accept queue with connections that the listener never accepts; later ones get no
/// answer.
FullBacklogListener::FullBacklogListener(const char* host) : listener_(host, 0) {
  for (int i = 0; i < 16; ++i) {
    net::UniqueFd fd = start_connecting(listener_.endpoint());
    const bool answered = wait_for(fd.get(), POLLOUT, std::chrono::milliseconds(30));
    waiting_.push_back(std::move(fd));
    if (!answered) return;
  }
  throw std::runtime_error("this system's queue does not fill up");
}

NonblockingPeer::NonblockingPeer(net::UniqueFd fd) : fd_(std::move(fd)) {}

void NonblockingPeer::send(Bytes bytes) {
  outgoing_.insert(outgoing_.end(), bytes.begin(), bytes.end());
  push();
}

void NonblockingPeer::push() {
  while (fd_.is_open() && unsent() > 0) {
    const auto size = ::send(fd_.get(), outgoing_.data() + sent_, unsent(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno != EAGAIN) {
      broken_ = true;
      sent_ = outgoing_.size();
    }
    if (size < 0) return;
    sent_ += static_cast<std::size_t>(size);
  }
  if (unsent() == 0) {
    outgoing_.clear();
    sent_ = 0;
  }
}

void NonblockingPeer::pump() {
  push();
  std::array<std::byte, 65536> buffer;
  while (fd_.is_open() && !ended_) {
    const auto size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (size > 0) {
      received_.insert(received_.end(), buffer.begin(), buffer.begin() + size);
    } else if (size == 0) {
      ended_ = true;
    } else if (errno != EINTR) {
      broken_ = broken_ || errno != EAGAIN;
      return;
    }
  }
}

void NonblockingPeer::shutdown_write() { ::shutdown(fd_.get(), SHUT_WR); }

void NonblockingPeer::close() { fd_ = net::UniqueFd(); }

void NonblockingPeer::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  require(::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0, "SO_LINGER");
  close();
}

}  // namespace wirespan::test
