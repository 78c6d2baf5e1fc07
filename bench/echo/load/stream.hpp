// stream.hpp - a connection of the load generator: TCP or TLS, opened blocking, then non-blocking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <openssl/ssl.h>

#include <wirespan/core/bytes.hpp>

namespace wirespan::bench {

struct TlsContextFree {
  void operator()(SSL_CTX* context) const noexcept { ::SSL_CTX_free(context); }
};
struct TlsFree {
  void operator()(SSL* ssl) const noexcept { ::SSL_free(ssl); }
};
struct TlsSessionFree {
  void operator()(SSL_SESSION* session) const noexcept { ::SSL_SESSION_free(session); }
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsContextFree>;
using TlsSession = std::unique_ptr<SSL_SESSION, TlsSessionFree>;

/// A TLS client context without certificate verification: the server is on this machine.
[[nodiscard]] TlsContext make_tls_context();

/// A connection to the server; owns the socket and its TLS state. Not the library's own stream.
class Stream {
 public:
  Stream() = default;
  /// Connects to the loopback interface, with a TLS handshake if there is a context, which offers
  /// the session if there is one.
  Stream(std::uint16_t port, SSL_CTX* tls, SSL_SESSION* session = nullptr);
  ~Stream();
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;

  /// Returns the bytes that were moved; 0 if the call would block. Throws when the peer has gone.
  [[nodiscard]] std::size_t receive(MutableBytes room);
  [[nodiscard]] std::size_t send(Bytes bytes);
  /// TLS has decrypted more than was read; epoll does not report that.
  [[nodiscard]] bool has_pending() const noexcept;

  /// Returns a copy of the session, for a connection that resumes it, once something was received.
  /// OpenSSL lets nobody resume the session itself, because this connection will be dropped.
  [[nodiscard]] TlsSession session() const {
    return TlsSession(::SSL_SESSION_dup(::SSL_get_session(tls_.get())));
  }
  [[nodiscard]] bool has_resumed() const { return ::SSL_session_reused(tls_.get()) == 1; }

  /// Makes the socket non-blocking.
  void stop_blocking();
  /// Lets close() reset the connection (SO_LINGER 0), so that its port is not left in TIME_WAIT.
  void reset_on_close();
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_ = -1;
  std::unique_ptr<SSL, TlsFree> tls_;
};

}  // namespace wirespan::bench
