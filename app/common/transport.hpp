// transport.hpp - a plain or a TLS stream: the one file that knows both. Private.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include <wirespan/app/common/wire_trace.hpp>
#include <wirespan/net/stream.hpp>
#include <wirespan/net/tcp_socket.hpp>
#include <wirespan/tls/tls_stream.hpp>

namespace wirespan {

/// A model of net::Stream over a TcpSocket or a TlsStream. The choice between the two is one branch
/// beside a system call, so that no driver has to be a template over streams. A transport that is
/// made while enable_trace() is on passes a copy of its bytes to a WireTrace. Destroying it closes
/// the descriptor.
class Transport {
 public:
  explicit Transport(net::TcpSocket socket);
  explicit Transport(tls::TlsStream stream);

  /// Gives up the stream, for TLS on top of it. The transport is then empty: destroy it.
  [[nodiscard]] std::unique_ptr<net::ByteTransport> release() {
    return is_tls() ? net::make_transport(std::move(*secured()))
                    : net::make_transport(std::move(*plain()));
  }
  /// Begins the trace anew, if there is one: what follows is another conversation.
  void restart_trace() {
    if (trace_) trace_ = std::make_unique<WireTrace>();
  }

  [[nodiscard]] bool is_tls() const noexcept { return secured() != nullptr; }
  [[nodiscard]] int fd() const noexcept { return is_tls() ? secured()->fd() : plain()->fd(); }
  [[nodiscard]] net::IoResult handshake() {
    return is_tls() ? secured()->handshake() : plain()->handshake();
  }
  [[nodiscard]] net::IoResult read_some(MutableBytes in) {
    const auto result = is_tls() ? secured()->read_some(in) : plain()->read_some(in);
    if (trace_ && result.is_ok()) trace_->received(in.first(result.bytes));
    return result;
  }
  [[nodiscard]] net::IoResult write_some(Bytes out) {
    const auto result = is_tls() ? secured()->write_some(out) : plain()->write_some(out);
    if (trace_) trace_->sent(out.first(result.bytes));
    return result;
  }
  [[nodiscard]] net::IoResult write_pieces(std::span<const Bytes> pieces);
  /// Bytes of the last write that must be offered again unchanged, because TLS has made a record of
  /// them; 0 without TLS.
  [[nodiscard]] std::size_t bytes_to_repeat() const noexcept {
    return is_tls() ? secured()->bytes_to_repeat() : 0;
  }
  /// The certificate that the peer showed and TLS has verified; nullopt without one.
  [[nodiscard]] std::optional<tls::PeerCertificate> peer_certificate() const {
    return is_tls() ? secured()->peer_certificate() : std::nullopt;
  }
  /// Version and cipher; empty without TLS.
  [[nodiscard]] std::string tls_description() const {
    return is_tls() ? secured()->description() : std::string();
  }
  /// True if write_pieces() is one gather write: without TLS.
  [[nodiscard]] bool gathers() const noexcept { return !is_tls(); }
  [[nodiscard]] bool has_buffered_input() const noexcept {
    return is_tls() && secured()->has_buffered_input();
  }
  [[nodiscard]] net::IoResult shutdown() {
    return is_tls() ? secured()->shutdown() : plain()->shutdown();
  }

 private:
  using Streams = std::variant<net::TcpSocket, tls::TlsStream>;

  [[nodiscard]] net::TcpSocket* plain() noexcept { return std::get_if<0>(&stream_); }
  [[nodiscard]] const net::TcpSocket* plain() const noexcept { return std::get_if<0>(&stream_); }
  [[nodiscard]] tls::TlsStream* secured() noexcept { return std::get_if<1>(&stream_); }
  [[nodiscard]] const tls::TlsStream* secured() const noexcept { return std::get_if<1>(&stream_); }

  Streams stream_;
  std::unique_ptr<WireTrace> trace_;  // null unless enable_trace() was on
};
static_assert(net::Stream<Transport>);

}  // namespace wirespan
