// raw_echo.cpp - the lower bound of an echo server: echoes bytes and does not parse messages. One
// event loop, level-triggered, one receive and one send per readiness; with a certificate the same
// over OpenSSL, whose buffers are released while a connection is idle. With "busy" it never sleeps.
// `raw_echo PORT [CERTIFICATE KEY | busy]`.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t room_size = 512 << 10;

struct Connection {
  int descriptor = -1;
  SSL* tls = nullptr;
  std::vector<char> unsent{};
  Connection(int fd, SSL* ssl) : descriptor(fd), tls(ssl) {}
  ~Connection() {
    if (tls != nullptr) ::SSL_free(tls);
    ::close(descriptor);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
};

int epoll = -1;
SSL_CTX* context = nullptr;
std::vector<char> room(room_size);

void watch(Connection* connection, int descriptor, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = connection;
  (void)::epoll_ctl(epoll, operation, descriptor, &event);
}

/// Bytes moved; 0 if the call would block; -1 at the end of the connection.
::ssize_t tls_result(SSL* tls, int result, std::size_t size) {
  if (result == 1) return static_cast<::ssize_t>(size);
  const int error = ::SSL_get_error(tls, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

::ssize_t receive(Connection& from) {
  if (from.tls != nullptr) {
    std::size_t size = 0;
    ::ERR_clear_error();  // the queue may hold errors of another connection
    const int result = ::SSL_read_ex(from.tls, room.data(), room.size(), &size);
    return tls_result(from.tls, result, size);
  }
  const ::ssize_t size = ::recv(from.descriptor, room.data(), room.size(), 0);
  if (size == 0) return -1;
  return size < 0 && errno == EAGAIN ? 0 : size;
}

::ssize_t send(Connection& to, const char* data, std::size_t count) {
  if (to.tls != nullptr) {
    std::size_t size = 0;
    ::ERR_clear_error();  // the queue may hold errors of another connection
    const int result = ::SSL_write_ex(to.tls, data, count, &size);
    return tls_result(to.tls, result, size);
  }
  const ::ssize_t size = ::send(to.descriptor, data, count, MSG_NOSIGNAL);
  return size < 0 && errno == EAGAIN ? 0 : size;
}

/// Sends, and keeps the bytes that the kernel refuses; nothing is read while there is a backlog.
/// False at the end of the connection.
bool send_or_keep(Connection& to, const char* data, std::size_t size) {
  while (size > 0) {
    const ::ssize_t sent = send(to, data, size);
    if (sent < 0) return false;
    if (sent == 0) {
      to.unsent.assign(data, data + size);
      watch(&to, to.descriptor, EPOLLOUT, EPOLL_CTL_MOD);
      return true;
    }
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool flush(Connection& to) {
  const std::vector<char> unsent = std::move(to.unsent);
  to.unsent.clear();
  if (!send_or_keep(to, unsent.data(), unsent.size())) return false;
  if (to.unsent.empty()) watch(&to, to.descriptor, EPOLLIN, EPOLL_CTL_MOD);
  return true;
}

/// Echoes once per readiness. OpenSSL returns one record at a time, and epoll does not report the
/// records that it still holds, so they are read at once. False at the end of the connection.
bool echo(Connection& connection) {
  if (!connection.unsent.empty() && !flush(connection)) return false;
  if (!connection.unsent.empty()) return true;
  do {
    const ::ssize_t size = receive(connection);
    if (size < 0) return false;
    if (size == 0) return true;
    if (!send_or_keep(connection, room.data(), static_cast<std::size_t>(size))) return false;
  } while (connection.tls != nullptr && connection.unsent.empty() &&
           ::SSL_pending(connection.tls) > 0);
  return true;
}

void accept_from(int listener) {
  const int descriptor = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) return;
  const int on = 1;
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  SSL* tls = nullptr;
  if (context != nullptr) {
    tls = ::SSL_new(context);
    ::SSL_set_fd(tls, descriptor);
    ::SSL_set_accept_state(tls);
  }
  watch(new Connection(descriptor, tls), descriptor, EPOLLIN, EPOLL_CTL_ADD);
}

int listen_on(std::uint16_t port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  (void)::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(listener, generic, sizeof address) != 0 || ::listen(listener, 1024) != 0) {
    std::perror("raw_echo");
    std::exit(1);
  }
  return listener;
}

void use_tls(const char* certificate, const char* key) {
  context = ::SSL_CTX_new(::TLS_server_method());
  ::SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
  if (::SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
      ::SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
    std::fprintf(stderr, "raw_echo: unusable certificate or key\n");
    std::exit(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool busy = argc == 3 && std::strcmp(argv[2], "busy") == 0;
  if (argc != 2 && argc != 4 && !busy) {
    std::fprintf(stderr, "usage: raw_echo PORT [CERTIFICATE KEY | busy]\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  if (argc == 4) use_tls(argv[2], argv[3]);
  epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const int listener = listen_on(static_cast<std::uint16_t>(std::atoi(argv[1])));
  watch(nullptr, listener, EPOLLIN, EPOLL_CTL_ADD);
  std::array<epoll_event, 512> events;
  for (;;) {
    const int count =
        ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), busy ? 0 : -1);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection == nullptr) {
        accept_from(listener);
      } else if (!echo(*connection)) {
        delete connection;
      }
    }
  }
}
