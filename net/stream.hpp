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

/// How a read or a write ended.
enum class IoStatus : std::uint8_t {
  ok,          ///< Something was done: `bytes` says how much, never 0 for data.
  want_read,   ///< Nothing can be done before the descriptor is readable.
  want_write,  ///< Nothing can be done before the descriptor is writable.
  eof,         ///< The peer has ended its direction in an orderly way.
  error,       ///< The stream is broken; `error` says why.
};

/// When the kernel received something, by the clock of the system. Its own zero: not known.
using ReceiveTime = std::chrono::sys_time<std::chrono::nanoseconds>;

struct IoResult {
  IoStatus status = IoStatus::ok;
  std::size_t bytes = 0;
  std::error_code error{};
  ReceiveTime received_at{};  ///< The last of the bytes; only where TcpSocket was asked to tell.

  [[nodiscard]] bool is_ok() const noexcept { return status == IoStatus::ok; }
  [[nodiscard]] bool would_block() const noexcept {
    return status == IoStatus::want_read || status == IoStatus::want_write;
  }
  [[nodiscard]] static IoResult failure(std::error_code error) noexcept {
    return {.status = IoStatus::error, .bytes = 0, .error = error, .received_at = {}};
  }
};

/// A stream moves; its descriptor stays the same. TLS may want to read in order to write and the
/// other way round, so both wants are possible from each call.
template <class S>
concept Stream = std::movable<S> && requires(S& s, const S& c, MutableBytes in, Bytes out) {
  { c.fd() }
  noexcept->std::same_as<int>;
  { s.handshake() } -> std::same_as<IoResult>;  // what has to happen before bytes may pass
  { s.read_some(in) } -> std::same_as<IoResult>;
  { s.write_some(out) } -> std::same_as<IoResult>;
  { c.has_buffered_input() }
  noexcept->std::same_as<bool>;                // bytes that a poller cannot see
  { s.shutdown() } -> std::same_as<IoResult>;  // ends our direction; repeat while it would block
};

/// Pieces leave from where they lie, which is so unless the stream says otherwise: TLS makes
/// records.
template <Stream S>
[[nodiscard]] bool gathers(const S& stream) noexcept {
  if constexpr (requires { stream.gathers(); }) {
    return stream.gathers();
  } else {
    return true;
  }
}

/// Writes the pieces in their order; `bytes` counts over all of them. One system call for a stream
/// that can gather, else one call for each piece.
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

/// Any stream behind one type: what TLS runs on, so that it can run on TCP, on a simulated network
/// or inside another TLS. A virtual call beside a system call is free.
class ByteTransport {
 public:
  virtual ~ByteTransport() = default;
  [[nodiscard]] virtual int fd() const noexcept = 0;
  [[nodiscard]] virtual IoResult read_some(MutableBytes in) = 0;
  [[nodiscard]] virtual IoResult write_some(Bytes out) = 0;
  [[nodiscard]] virtual bool has_buffered_input() const noexcept = 0;
  [[nodiscard]] virtual IoResult shutdown() = 0;
};

template <Stream S>
class StreamTransport final : public ByteTransport {
 public:
  explicit StreamTransport(S stream) : stream_(std::move(stream)) {}
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

template <Stream S>
[[nodiscard]] std::unique_ptr<ByteTransport> make_transport(S stream) {
  return std::make_unique<StreamTransport<S>>(std::move(stream));
}

}  // namespace wirespan::net
