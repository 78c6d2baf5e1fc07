// stream.hpp - a non-blocking byte stream over one descriptor: TCP, TLS, or a test's script.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

#include <wirespan/core/bytes.hpp>

namespace wirespan::net {

/// Outcome of a read or a write.
enum class IoStatus : std::uint8_t {
  ok,          ///< `bytes` were moved; never 0 for data.
  want_read,   ///< Nothing can be done until the descriptor is readable.
  want_write,  ///< Nothing can be done until the descriptor is writable.
  eof,         ///< The peer has half-closed (over TLS: with close_notify).
  error,       ///< The stream is broken; `error` says why.
};

/// Time at which the kernel received bytes, by the system's wall clock. ReceiveTime() means
/// unknown.
using ReceiveTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Result of a read or a write.
struct IoResult {
  IoStatus status = IoStatus::ok;  ///< How it ended.
  std::size_t bytes = 0;           ///< Bytes moved, with `ok` only.
  std::error_code error{};         ///< With `error` only.
  ReceiveTime received_at{};       ///< Of the last byte; only if TcpSocket was asked for it.

  /// True for `ok`.
  [[nodiscard]] bool is_ok() const noexcept { return status == IoStatus::ok; }
  /// True for want_read and want_write.
  [[nodiscard]] bool would_block() const noexcept {
    return status == IoStatus::want_read || status == IoStatus::want_write;
  }
  /// A result with this error.
  [[nodiscard]] static IoResult failure(std::error_code error) noexcept {
    return {.status = IoStatus::error, .bytes = 0, .error = error, .received_at = {}};
  }
};

/// A non-blocking byte stream over one descriptor. It is movable; its descriptor stays the same.
/// TLS may need to read in order to write and the other way round, so each call may return
/// want_read or want_write.
template <class S>
concept Stream = std::movable<S> && requires(S& s, const S& c, MutableBytes in, Bytes out) {
  { c.fd() }
  noexcept->std::same_as<int>;
  { s.handshake() } -> std::same_as<IoResult>;  // before any byte; repeat while it would block
  { s.read_some(in) } -> std::same_as<IoResult>;
  { s.write_some(out) } -> std::same_as<IoResult>;
  { c.has_buffered_input() }
  noexcept->std::same_as<bool>;                // input that no poller reports
  { s.shutdown() } -> std::same_as<IoResult>;  // half-closes; repeat while it would block
};

/// True if a gather write sends each piece from where it lies, without a copy. So it is unless the
/// stream says otherwise, as TLS does, which encrypts into records.
template <Stream S>
[[nodiscard]] bool gathers(const S& stream) noexcept {
  if constexpr (requires { stream.gathers(); }) {
    return stream.gathers();
  } else {
    return true;
  }
}

/// Gather write: writes the pieces in order; `bytes` counts over all of them. One system call if
/// the stream has write_pieces(), else one write_some() for each piece.
template <Stream S>
[[nodiscard]] IoResult write_pieces(S& stream, std::span<const Bytes> pieces) {
  if constexpr (requires { stream.write_pieces(pieces); }) {
    return stream.write_pieces(pieces);
  } else {
    IoResult total;
    for (const Bytes piece : pieces) {
      const IoResult result = stream.write_some(piece);
      if (result.status == IoStatus::error) return result;
      total.bytes += result.bytes;
      if (!result.is_ok() && total.bytes == 0) total.status = result.status;
      if (result.bytes < piece.size()) break;
    }
    return total;
  }
}

/// A stream behind a virtual interface. TlsStream owns one and runs on it: on TCP, on a simulated
/// network or inside another TLS. The virtual call is negligible beside a system call.
class ByteTransport {
 public:
  /// The functions are those of the Stream concept, without handshake().
  virtual ~ByteTransport() = default;
  [[nodiscard]] virtual int fd() const noexcept = 0;
  [[nodiscard]] virtual IoResult read_some(MutableBytes in) = 0;
  [[nodiscard]] virtual IoResult write_some(Bytes out) = 0;
  [[nodiscard]] virtual bool has_buffered_input() const noexcept = 0;
  [[nodiscard]] virtual IoResult shutdown() = 0;
};

/// A ByteTransport that owns a Stream.
template <Stream S>
class StreamTransport final : public ByteTransport {
 public:
  /// Takes ownership of `stream`.
  explicit StreamTransport(S stream) : stream_(std::move(stream)) {}
  /// As those of the stream.
  [[nodiscard]] int fd() const noexcept override { return stream_.fd(); }
  [[nodiscard]] IoResult read_some(MutableBytes in) override { return stream_.read_some(in); }
  [[nodiscard]] IoResult write_some(Bytes out) override { return stream_.write_some(out); }
  [[nodiscard]] bool has_buffered_input() const noexcept override {
    return stream_.has_buffered_input();
  }
  [[nodiscard]] IoResult shutdown() override { return stream_.shutdown(); }

 private:
  S stream_;
};

/// Returns a transport that owns `stream`.
template <Stream S>
[[nodiscard]] std::unique_ptr<ByteTransport> make_transport(S stream) {
  return std::make_unique<StreamTransport<S>>(std::move(stream));
}

}  // namespace wirespan::net
