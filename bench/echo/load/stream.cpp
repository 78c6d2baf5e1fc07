// stream.cpp - blocking and non-blocking TCP and TLS on OpenSSL for the load generator.
#include "stream.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wirespan::bench {
namespace {

[[noreturn]] void throw_last(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

int connect_to(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw_last("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(descriptor);
    throw std::system_error(error, std::system_category(), "connect");
  }
  const int on = 1;
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

/// Returns 0 if the call would block; throws otherwise.
std::size_t moved_nothing(const char* what) {
  if (errno == EAGAIN || errno == EINTR) return 0;
  throw_last(what);
}

std::size_t tls_moved_nothing(SSL* tls, int result) {
  const int error = ::SSL_get_error(tls, result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 0;
  throw std::runtime_error("TLS error " + std::to_string(error));
}

}  // namespace

TlsContext make_tls_context() {
  TlsContext context(::SSL_CTX_new(::TLS_client_method()));
  ::SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  return context;
}

Stream::Stream(std::uint16_t port, SSL_CTX* tls, SSL_SESSION* session)
    : descriptor_(connect_to(port)) {
  if (tls == nullptr) return;
  tls_.reset(::SSL_new(tls));
  if (session != nullptr) (void)::SSL_set_session(tls_.get(), session);
  ::SSL_set_fd(tls_.get(), descriptor_);
  if (::SSL_connect(tls_.get()) != 1) throw std::runtime_error("TLS handshake failed");
}

Stream::~Stream() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Stream::Stream(Stream&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), tls_(std::move(other.tls_)) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(tls_, other.tls_);
  return *this;
}

std::size_t Stream::receive(MutableBytes room) {
  if (tls_) {
    std::size_t size = 0;
    const int result = ::SSL_read_ex(tls_.get(), room.data(), room.size(), &size);
    return result == 1 ? size : tls_moved_nothing(tls_.get(), result);
  }
  const ::ssize_t size = ::recv(descriptor_, room.data(), room.size(), 0);
  if (size == 0) throw std::runtime_error("the server closed a connection");
  return size > 0 ? static_cast<std::size_t>(size) : moved_nothing("recv");
}

std::size_t Stream::send(Bytes bytes) {
  if (bytes.empty()) return 0;
  if (tls_) {
    std::size_t size = 0;
    const int result = ::SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &size);
    return result == 1 ? size : tls_moved_nothing(tls_.get(), result);
  }
  const ::ssize_t size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return size > 0 ? static_cast<std::size_t>(size) : moved_nothing("send");
}

bool Stream::has_pending() const noexcept { return tls_ && ::SSL_pending(tls_.get()) > 0; }

void Stream::stop_blocking() {
  const int flags = ::fcntl(descriptor_, F_GETFL);
  if (::fcntl(descriptor_, F_SETFL, flags | O_NONBLOCK) != 0) throw_last("fcntl");
}

void Stream::reset_on_close() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  (void)::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace wirespan::bench
