// tls_stream.hpp - TLS as a model of Stream, over any transport.
#pragma once

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

/// One TLS connection. Not thread-safe. Its directions fail on their own: after a write has failed
/// (the peer has closed its socket), reading goes on and delivers what the peer has sent before.
class TlsStream {
 public:
  /// `server_name` is what the certificate must name: a DNS name, which is sent as SNI too, or an
  /// IP address, which is not (RFC 6066 §3). `check_hostname` false leaves the name unverified; the
  /// chain is verified as the context says.
  [[nodiscard]] static Expected<TlsStream> client(std::unique_ptr<net::ByteTransport> transport,
                                                  const Context& context,
                                                  std::string_view server_name,
                                                  bool check_hostname = true);
  [[nodiscard]] static Expected<TlsStream> server(std::unique_ptr<net::ByteTransport> transport,
                                                  const Context& context);

  TlsStream(TlsStream&& other) noexcept;
  TlsStream& operator=(TlsStream&& other) noexcept;
  ~TlsStream();

  /// -1 once the stream has been moved from.
  [[nodiscard]] int fd() const noexcept;
  /// Repeat while it would block. A refused certificate is an error of certificate_category().
  [[nodiscard]] net::IoResult handshake();
  /// Decrypts what is here into `in`; reads the transport at most as often as that needs, and takes
  /// up about limits::tls_records_per_read records; has_buffered_input() may be true afterwards. A
  /// peer that floods it with records without data ends it: TlsErrc::idle_records.
  [[nodiscard]] net::IoResult read_some(MutableBytes in);
  /// After a write that would block the same bytes must come again, more of them behind are fine.
  /// The transport's error, once it has failed to write anything, replies of TLS itself included.
  [[nodiscard]] net::IoResult write_some(Bytes out);
  /// Small pieces share records.
  [[nodiscard]] net::IoResult write_pieces(std::span<const Bytes> pieces);
  /// How many of the bytes offered last have to come again unchanged, because a record of them is
  /// made already; 0 when all was taken.
  [[nodiscard]] std::size_t bytes_to_repeat() const noexcept;
  [[nodiscard]] static constexpr bool gathers() noexcept { return false; }
  [[nodiscard]] bool has_buffered_input() const noexcept;
  /// Sends close_notify, then ends our direction of the transport. The write error, if there is
  /// one.
  [[nodiscard]] net::IoResult shutdown();

  /// What the peer showed and the handshake verified; nothing if it showed none.
  [[nodiscard]] std::optional<PeerCertificate> peer_certificate() const;
  /// "TLSv1.3", and the cipher's name; for reports.
  [[nodiscard]] std::string description() const;

 private:
  struct Impl;
  explicit TlsStream(std::unique_ptr<Impl> impl) noexcept;

  std::unique_ptr<Impl> impl_;  // a stable address: the BIO points into it
};
static_assert(net::Stream<TlsStream>);

}  // namespace wirespan::tls
