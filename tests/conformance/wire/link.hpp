// link.hpp - a non-blocking TCP connection, plain or with TLS. RFC 6455 §1.5.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/ssl.h>

#include "wire/octets.hpp"

namespace conformance {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

/// The connection could not be made or TLS could not be started; the case cannot be judged.
class LinkError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct SslDeleter {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, SslDeleter>;

/// With an empty `ca_file` the system's authorities are trusted; `insecure` turns verification off.
[[nodiscard]] TlsContext client_tls(const std::string& ca_file, bool insecure);
[[nodiscard]] TlsContext server_tls(const std::string& certificate, const std::string& key);

enum class Io : std::uint8_t { done, again, ended, broken };

class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd() { reset(); }
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
  int release() noexcept;
  void reset() noexcept;

 private:
  int fd_;
};

/// Owns a socket and its TLS state. read() and write() never block; wait() polls the socket.
class Link {
 public:
  /// Connects, over TLS unless `tls` is null. Throws LinkError.
  static Link connect(const std::string& host, const std::string& port, SSL_CTX* tls,
                      Clock::time_point deadline);
  /// Takes over an accepted socket. Throws LinkError.
  static Link accepted(UniqueFd fd, SSL_CTX* tls, Clock::time_point deadline);

  /// Appends the octets that have arrived. Io::ended: the peer's FIN; Io::broken: a reset.
  [[nodiscard]] Io read(Octets& into);
  /// Makes one write call; `written` is the number of octets written.
  [[nodiscard]] Io write(std::string_view octets, std::size_t& written);
  void end_output() noexcept;
  /// Resets the connection: unsent octets are lost.
  void abort() noexcept;
  /// Waits for input, for room to write if `for_output`, or for the deadline.
  void wait(bool for_output, Clock::time_point deadline) const noexcept;

 private:
  Link(UniqueFd fd, SSL_CTX* tls);
  void start_tls(const std::string& host, Clock::time_point deadline);
  [[nodiscard]] Io io_of(int result) const noexcept;

  UniqueFd fd_;
  std::unique_ptr<SSL, SslDeleter> ssl_;
};

/// Listens on 127.0.0.1; with `port` 0 the kernel picks a port, which is stored there. Throws
/// LinkError.
[[nodiscard]] UniqueFd listen_on_loopback(std::uint16_t& port);

}  // namespace conformance
