// raw_peer.hpp - a peer on a real socket that does whatever a test wants, right or wrong, byte by
// byte. Its calls block, with a time limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/frames.hpp"
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/opcode.hpp>
#include <wirespan/tls/options.hpp>

namespace wirespan::test {

using namespace std::chrono_literals;  // NOLINT: tests talk about time a lot
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

/// The other side did not do in time what the test relies on.
class PeerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// How the other side ended its direction.
enum class StreamEnd {
  orderly,    ///< FIN, with TLS after close_notify.
  truncated,  ///< FIN without close_notify.
  reset,
};

/// Owns a connected stream socket, plain or with TLS. Reads and writes block for at most the
/// patience (10 s by default) and then throw PeerError. Frames that it sends are masked if its role
/// is client.
class RawPeer {
 public:
  explicit RawPeer(int fd, Role role = Role::server);
  RawPeer(RawPeer&&) noexcept;
  ~RawPeer();

  /// Connects to a port on 127.0.0.1 over TCP, as a client.
  [[nodiscard]] static RawPeer to_port(std::uint16_t port);
  void secure_as_server(const tls::ServerOptions& options);
  void secure_as_client(const tls::ClientOptions& options, const std::string& name = "localhost");

  /// Sets the time limit of each of the following calls.
  void set_patience(Milliseconds patience) noexcept { patience_ = patience; }
  [[nodiscard]] int fd() const noexcept;
  /// Makes the kernel hold little (128 KiB) of what the other side has sent and nobody has read.
  /// The default may be 32 MiB, which take a peer seconds to read under TSan.
  void take_little();

  // Bytes.

  /// Writes all bytes; false if the connection is broken.
  bool write(std::string_view bytes);
  bool write(Bytes bytes) { return write(wire_text(bytes)); }
  /// Writes byte by byte, with a pause between two bytes.
  bool write_slowly(std::string_view bytes, Milliseconds pause);
  /// Returns the bytes that have arrived, at least one. Empty at the end of the stream.
  [[nodiscard]] std::string read_some();
  [[nodiscard]] std::string read_exactly(std::size_t size);
  /// Reads up to and including `end`.
  [[nodiscard]] std::string read_until(std::string_view end);
  /// Reads until the other side ends its direction; throws if it does not.
  [[nodiscard]] std::string read_to_end();
  /// Waits for the end of the stream; throws if bytes come instead.
  [[nodiscard]] StreamEnd read_end();
  /// True if bytes or the end of the stream arrive within `time`.
  [[nodiscard]] bool has_input(Milliseconds time);

  // Opening handshake.

  [[nodiscard]] std::string read_head() { return read_until("\r\n\r\n"); }
  /// Returns the 101 response that fits a request, with further header lines ("A: b\r\n").
  [[nodiscard]] static std::string acceptance(std::string_view request,
                                              std::string_view more_lines = {});
  /// Reads a request, accepts it and returns it.
  std::string accept(std::string_view more_lines = {});
  /// Asks for an upgrade as a client; returns the head of the answer.
  std::string open(std::string_view more_lines = {});

  // Frames.

  bool send_frame(unsigned first_byte, std::string_view payload);
  bool send_text(std::string_view text) { return send_frame(0x81, text); }
  bool send_binary(std::string_view bytes) { return send_frame(0x82, bytes); }
  bool send_ping(std::string_view payload = {}) { return send_frame(0x89, payload); }
  bool send_pong(std::string_view payload = {}) { return send_frame(0x8A, payload); }
  bool send_close(unsigned code = 1000, std::string_view reason = {});
  /// Sends a Close frame without a code.
  bool send_empty_close() { return send_frame(0x88, {}); }
  [[nodiscard]] WireFrame read_frame();
  /// Reads the next frame that is neither a ping nor a pong.
  [[nodiscard]] WireFrame read_message();
  /// Reads a frame and describes it by describe(): "text \"hi\"", "close 1000".
  [[nodiscard]] std::string read_described() { return describe(read_frame()); }
  /// Reads every frame up to and including a Close frame.
  [[nodiscard]] std::vector<std::string> read_until_close();
  /// Echoes messages, answers pings and echoes the Close frame, then returns; returns at the end of
  /// the stream, too.
  void echo();

  // The end.

  void shutdown_write();
  /// Closes the descriptor, without a closing handshake of TLS or WebSocket.
  void close() noexcept;
  /// Closes the descriptor so that the other side gets a reset (RST).
  void reset() noexcept;
  /// Ends the direction that this side writes, and gives the other side a second to end its own.
  void finish() noexcept;

 private:
  struct Stream;

  [[nodiscard]] bool fill(Clock::time_point deadline);
  [[nodiscard]] Clock::time_point deadline() const { return Clock::now() + patience_; }
  void handshake();

  std::unique_ptr<Stream> stream_;
  std::string read_;  // bytes received and not yet returned by a call
  std::optional<StreamEnd> end_;
  Milliseconds patience_{10'000};
  Role role_;
};

/// Returns the payload of a frame as text.
[[nodiscard]] std::string payload_text(const WireFrame& frame);
/// Returns the body of a Close frame.
[[nodiscard]] std::string close_body(unsigned code, std::string_view reason = {});
/// Returns letters that differ from their neighbours; valid UTF-8.
[[nodiscard]] std::string letters(std::size_t size);

}  // namespace wirespan::test
