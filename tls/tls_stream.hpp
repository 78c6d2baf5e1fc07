// tls_stream.hpp - TLS as a model of Stream, over any transport.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <wirespan/core/expected.hpp>
#include <wirespan/net/stream.hpp>
#include <wirespan/tls/context.hpp>
#include <wirespan/tls/peer_certificate.hpp>

namespace wirespan::tls {

/// One TLS connection, as a net::Stream over a transport that it owns. Call handshake() until it is
/// ok, then read and write; shutdown() sends close_notify. A fatal error is final: later reads and
/// writes return it again. The directions fail separately: after a failed write (the peer has
/// closed its socket) reading goes on and delivers what the peer had sent before. Not thread-safe.
class TlsStream {
 public:
  /// Makes the client's end. The certificate must have `server_name`: a DNS name, which is sent as
  /// SNI too, or an IP address, which is not (RFC 6066 §3). With `check_hostname` false the name is
  /// not verified; the chain is verified as the context says. If the context has a session cache,
  /// it is asked for a session of this name and `port`, and gets those of this connection. Errors:
  /// Errc::invalid_option for a name that is empty, longer than 255 bytes or has a NUL in it;
  /// not_enough_memory.
  [[nodiscard]] static Expected<TlsStream> client(std::unique_ptr<net::ByteTransport> transport,
                                                  const Context& context,
                                                  std::string_view server_name,
                                                  bool check_hostname = true,
                                                  std::uint16_t port = 0);
  /// Makes the server's end. Error: not_enough_memory.
  [[nodiscard]] static Expected<TlsStream> server(std::unique_ptr<net::ByteTransport> transport,
                                                  const Context& context);

  TlsStream(TlsStream&& other) noexcept;
  TlsStream& operator=(TlsStream&& other) noexcept;
  ~TlsStream();

  /// -1 once the stream has been moved from.
  [[nodiscard]] int fd() const noexcept;
  /// Runs the handshake; repeat while it would block. A refused certificate is an error of
  /// certificate_category(), another key than a pinned one TlsErrc::key_not_pinned, and a server
  /// whose first bytes are no TLS record TlsErrc::not_tls.
  [[nodiscard]] net::IoResult handshake();
  /// Decrypts input into `in`. Reads the transport no more often than that needs, and takes up
  /// about limits::tls_records_per_read records at most, so has_buffered_input() may be true
  /// afterwards. A peer that floods it with records without data ends the connection:
  /// TlsErrc::idle_records.
  [[nodiscard]] net::IoResult read_some(MutableBytes in);
  /// Encrypts and writes. After a write that would block the same bytes must come again; more may
  /// follow them. Once the transport has failed to write anything, replies of TLS itself included,
  /// the result is that error.
  [[nodiscard]] net::IoResult write_some(Bytes out);
  /// Gather write: small pieces are copied into shared records.
  [[nodiscard]] net::IoResult write_pieces(std::span<const Bytes> pieces);
  /// Returns the number of bytes, of those offered last, that must come again unchanged because
  /// they are encrypted into a record already; 0 if all were taken.
  [[nodiscard]] std::size_t bytes_to_repeat() const noexcept;
  /// False: a gather write copies small pieces.
  [[nodiscard]] static constexpr bool gathers() noexcept { return false; }
  /// True if OpenSSL or the transport holds input that no poller reports.
  [[nodiscard]] bool has_buffered_input() const noexcept;
  /// Sends close_notify, then half-closes the transport. Repeat while it would block. Returns the
  /// error of an earlier write, if there was one.
  [[nodiscard]] net::IoResult shutdown();

  /// Returns the peer's certificate if the peer has shown one and it was verified; nothing
  /// otherwise.
  [[nodiscard]] std::optional<PeerCertificate> peer_certificate() const;
  /// True if the handshake has resumed an earlier session.
  [[nodiscard]] bool session_reused() const noexcept;
  /// Returns the protocol that the server has chosen by ALPN; empty if none was.
  [[nodiscard]] std::string alpn() const;
  /// Returns the version ("TLSv1.3") and the name of the cipher; for reports.
  [[nodiscard]] std::string description() const;

 private:
  struct Impl;
  explicit TlsStream(std::unique_ptr<Impl> impl) noexcept;

  std::unique_ptr<Impl> impl_;  // a stable address: the BIO points into it
};
static_assert(net::Stream<TlsStream>);

}  // namespace wirespan::tls
