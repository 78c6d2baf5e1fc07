// link.cpp - non-blocking sockets, and OpenSSL on top of them.
#include "wire/link.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace conformance {
namespace {

constexpr std::size_t read_size = std::size_t{64} << 10;

void wait_for(int fd, bool input, bool output, Clock::time_point deadline) noexcept {
  const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now()).count();
  const int wanted = (input ? POLLIN : 0) | (output ? POLLOUT : 0);
  pollfd entry{.fd = fd, .events = static_cast<short>(wanted), .revents = 0};
  ::poll(&entry, 1, static_cast<int>(std::clamp<long long>(left, 0, 60'000)));
}

void prepare(int fd) noexcept {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

bool connects(int fd, const addrinfo& address, Clock::time_point deadline) noexcept {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return true;
  if (errno != EINPROGRESS) return false;
  wait_for(fd, false, true, deadline);
  int error = 0;
  socklen_t size = sizeof error;
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof peer;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0 &&
         ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0;
}

UniqueFd connected(const std::string& host, const std::string& port, Clock::time_point deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
    throw LinkError("no address for " + host);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    UniqueFd fd(::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol));
    if (!fd.valid()) continue;
    prepare(fd.get());
    if (connects(fd.get(), *each, deadline)) return fd;
  }
  throw LinkError("cannot connect to " + host + ":" + port);
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

int UniqueFd::release() noexcept { return std::exchange(fd_, -1); }

void UniqueFd::reset() noexcept {
  if (fd_ >= 0) ::close(release());
}

Link::Link(UniqueFd fd, SSL_CTX* tls) : fd_(std::move(fd)) {
  if (tls == nullptr) return;
  ssl_.reset(SSL_new(tls));
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd_.get()) != 1) throw LinkError("no TLS session");
}

void Link::start_tls(const std::string& host, Clock::time_point deadline) {
  if (!ssl_) return;
  if (!host.empty()) {
    SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
    in6_addr numeric{};
    const bool is_address = ::inet_pton(AF_INET, host.c_str(), &numeric) == 1 ||
                            ::inet_pton(AF_INET6, host.c_str(), &numeric) == 1;
    if (is_address) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str());
    } else {
      SSL_set1_host(ssl_.get(), host.c_str());
    }
    SSL_set_connect_state(ssl_.get());
  } else {
    SSL_set_accept_state(ssl_.get());
  }
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return;
    const int error = SSL_get_error(ssl_.get(), result);
    const bool retry = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    if (!retry || Clock::now() >= deadline) throw LinkError("the TLS handshake failed");
    wait_for(fd_.get(), true, error == SSL_ERROR_WANT_WRITE, deadline);
  }
}

Link Link::connect(const std::string& host, const std::string& port, SSL_CTX* tls,
                   Clock::time_point deadline) {
  Link link(connected(host, port, deadline), tls);
  link.start_tls(host, deadline);
  return link;
}

Link Link::accepted(UniqueFd fd, SSL_CTX* tls, Clock::time_point deadline) {
  prepare(fd.get());
  Link link(std::move(fd), tls);
  link.start_tls({}, deadline);
  return link;
}

Io Link::io_of(int result) const noexcept {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Io::again;
    case SSL_ERROR_ZERO_RETURN:
      return Io::ended;
    default:
      return Io::broken;
  }
}

Io Link::read(Octets& into) {
  std::array<char, read_size>
      buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read fills it
  if (ssl_) {
    ERR_clear_error();
    const int size = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (size <= 0) return io_of(size);
    into.append(buffer.data(), static_cast<std::size_t>(size));
    return Io::done;
  }
  const auto size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (size == 0) return Io::ended;
  if (size < 0) return errno == EAGAIN || errno == EINTR ? Io::again : Io::broken;
  into.append(buffer.data(), static_cast<std::size_t>(size));
  return Io::done;
}

Io Link::write(std::string_view octets, std::size_t& written) {
  written = 0;
  if (ssl_) {
    ERR_clear_error();
    const int size = SSL_write(ssl_.get(), octets.data(),
                               static_cast<int>(std::min(octets.size(), std::size_t{1} << 20)));
    if (size <= 0) return io_of(size);
    written = static_cast<std::size_t>(size);
    return Io::done;
  }
  const auto size = ::send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
  if (size < 0) return errno == EAGAIN || errno == EINTR ? Io::again : Io::broken;
  written = static_cast<std::size_t>(size);
  return Io::done;
}

void Link::end_output() noexcept {
  if (ssl_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ::shutdown(fd_.get(), SHUT_WR);
}

void Link::abort() noexcept {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ssl_.reset();
  fd_.reset();
}

void Link::wait(bool for_output, Clock::time_point deadline) const noexcept {
  if (ssl_ && SSL_pending(ssl_.get()) > 0) return;
  wait_for(fd_.get(), true, for_output, deadline);
}

UniqueFd listen_on_loopback(std::uint16_t& port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), generic, size) != 0 || ::listen(fd.get(), SOMAXCONN) != 0 ||
      ::getsockname(fd.get(), generic, &size) != 0) {
    throw LinkError(std::string("cannot listen: ") + std::strerror(errno));
  }
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace conformance
