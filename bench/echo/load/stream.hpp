// stream.hpp - a connection of the load generator: TCP or TLS, opened blocking, then not blocking.
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
using TlsContext = std::unique_ptr<SSL_CTX, TlsContextFree>;

/// Verifies nothing: the server is on this machine and not the subject of a test.
[[nodiscard]] TlsContext make_tls_context();

class Stream {
 public:
  Stream() = default;
  /// Connects to the loopback interface, and shakes hands if there is a context.
  Stream(std::uint16_t port, SSL_CTX* tls);
  ~Stream();
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;

  /// Bytes that were moved; 0: not now. Throws when the peer has gone.
  [[nodiscard]] std::size_t receive(MutableBytes room);
  [[nodiscard]] std::size_t send(Bytes bytes);
  /// TLS has decrypted more than was taken; no readiness will tell.
  [[nodiscard]] bool has_pending() const noexcept;

  void stop_blocking();
  /// close() resets the connection, so that no port waits for minutes.
  void reset_on_close();
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_ = -1;
  std::unique_ptr<SSL, TlsFree> tls_;
};

}  // namespace wirespan::bench
