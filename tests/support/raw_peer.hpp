// raw_peer.hpp - one end of a connection that does whatever a test wants, right or wrong, byte by
// byte. It blocks, and nothing in it waits for ever.
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

/// Owns a connected stream socket. Frames that it sends are masked once it is a client.
class RawPeer {
 public:
  explicit RawPeer(int fd, Role role = Role::server);
  RawPeer(RawPeer&&) noexcept;
  ~RawPeer();

  /// A TCP connection to a port on 127.0.0.1, as a client.
  [[nodiscard]] static RawPeer to_port(std::uint16_t port);
  void secure_as_server(const tls::ServerOptions& options);
  void secure_as_client(const tls::ClientOptions& options, const std::string& name = "localhost");

  /// For each of the following calls.
  void set_patience(Milliseconds patience) noexcept { patience_ = patience; }
  [[nodiscard]] int fd() const noexcept;

  // Bytes.

  /// All of them; false if the connection is broken.
  bool write(std::string_view bytes);
  bool write(Bytes bytes) { return write(wire_text(bytes)); }
  /// One after the other, with a pause between two.
  bool write_slowly(std::string_view bytes, Milliseconds pause);
  /// What is here, at least one byte. Empty at the end of the stream.
  [[nodiscard]] std::string read_some();
  [[nodiscard]] std::string read_exactly(std::size_t size);
  /// Up to and including `end`.
  [[nodiscard]] std::string read_until(std::string_view end);
  /// Everything until the other side ends its direction; throws if it does not.
  [[nodiscard]] std::string read_to_end();
  /// Throws if bytes come instead.
  [[nodiscard]] StreamEnd read_end();
  /// True if something can be read within `time`: bytes or the end.
  [[nodiscard]] bool has_input(Milliseconds time);

  // Opening handshake.

  [[nodiscard]] std::string read_head() { return read_until("\r\n\r\n"); }
  /// The 101 that belongs to a request, with further header lines ("A: b\r\n").
  [[nodiscard]] static std::string acceptance(std::string_view request,
                                              std::string_view more_lines = {});
  /// Reads a request and accepts it; returns the request.
  std::string accept(std::string_view more_lines = {});
  /// Asks for an upgrade as a client; returns the answer's head.
  std::string open(std::string_view more_lines = {});

  // Frames.

  bool send_frame(unsigned first_byte, std::string_view payload);
  bool send_text(std::string_view text) { return send_frame(0x81, text); }
  bool send_binary(std::string_view bytes) { return send_frame(0x82, bytes); }
  bool send_ping(std::string_view payload = {}) { return send_frame(0x89, payload); }
  bool send_pong(std::string_view payload = {}) { return send_frame(0x8A, payload); }
  bool send_close(unsigned code = 1000, std::string_view reason = {});
  /// Without a code.
  bool send_empty_close() { return send_frame(0x88, {}); }
  [[nodiscard]] WireFrame read_frame();
  /// The next frame that is neither a ping nor a pong.
  [[nodiscard]] WireFrame read_message();
  /// As describe() has it: "text \"hi\"", "close 1000".
  [[nodiscard]] std::string read_described() { return describe(read_frame()); }
  /// Every frame until a Close frame, which is the last one.
  [[nodiscard]] std::vector<std::string> read_until_close();
  /// Sends back messages, answers pings, echoes the Close frame and returns; returns at the end of
  /// the stream, too.
  void echo();

  // The end.

  void shutdown_write();
  /// No closing handshake of anything: the descriptor goes.
  void close() noexcept;
  /// The other side gets a reset.
  void reset() noexcept;
  /// Ends our direction and gives the other side a moment to end its own.
  void finish() noexcept;

 private:
  struct Stream;

  [[nodiscard]] bool fill(Clock::time_point deadline);
  [[nodiscard]] Clock::time_point deadline() const { return Clock::now() + patience_; }
  void handshake();

  std::unique_ptr<Stream> stream_;
  std::string read_;  // but not handed out yet
  std::optional<StreamEnd> end_;
  Milliseconds patience_{10'000};
  Role role_;
};

/// "message 81 02 6869" as text: payload of a frame.
[[nodiscard]] std::string payload_text(const WireFrame& frame);
/// The body of a Close frame.
[[nodiscard]] std::string close_body(unsigned code, std::string_view reason = {});
/// Letters that differ from their neighbours; valid UTF-8.
[[nodiscard]] std::string letters(std::size_t size);

}  // namespace wirespan::test
