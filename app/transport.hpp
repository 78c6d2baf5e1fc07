// transport.hpp - plain or TLS: the one place that knows both streams. Private.
#pragma once

#include <memory>
#include <utility>
#include <variant>

#include <wirespan/app/wire_trace.hpp>
#include <wirespan/net/stream.hpp>
#include <wirespan/net/tcp_socket.hpp>
#include <wirespan/tls/tls_stream.hpp>

namespace wirespan {

/// A model of net::Stream. The choice between the two is one branch beside a system call, and it
/// saves every driver from being a template over streams. It shows its bytes to a WireTrace if
/// enable_trace() was on when it was made.
class Transport {
 public:
  explicit Transport(net::TcpSocket socket);
  explicit Transport(tls::TlsStream stream);

  [[nodiscard]] bool is_tls() const noexcept {
    return std::holds_alternative<tls::TlsStream>(stream_);
  }
  [[nodiscard]] int fd() const noexcept {
    const auto* plain = std::get_if<net::TcpSocket>(&stream_);
    return plain != nullptr ? plain->fd() : std::get_if<tls::TlsStream>(&stream_)->fd();
  }
  [[nodiscard]] net::IoResult handshake() {
    return std::visit([](auto& stream) { return stream.handshake(); }, stream_);
  }
  [[nodiscard]] net::IoResult read_some(MutableBytes in) {
    const auto result = std::visit([&](auto& stream) { return stream.read_some(in); }, stream_);
    if (trace_ && result.is_ok()) trace_->received(in.first(result.bytes));
    return result;
  }
  [[nodiscard]] net::IoResult write_some(Bytes out) {
    const auto result = std::visit([&](auto& stream) { return stream.write_some(out); }, stream_);
    if (trace_) trace_->sent(out.first(result.bytes));
    return result;
  }
  [[nodiscard]] net::IoResult write_some(Bytes head, Bytes payload);
  [[nodiscard]] bool has_buffered_input() const noexcept {
    const auto* secured = std::get_if<tls::TlsStream>(&stream_);
    return secured != nullptr && secured->has_buffered_input();
  }
  [[nodiscard]] net::IoResult shutdown() {
    return std::visit([](auto& stream) { return stream.shutdown(); }, stream_);
  }

 private:
  std::variant<net::TcpSocket, tls::TlsStream> stream_;
  std::unique_ptr<WireTrace> trace_;
};
static_assert(net::Stream<Transport>);

}  // namespace wirespan
