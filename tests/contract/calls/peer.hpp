// peer.hpp - the other end of a connection on a simulated network: it notes every frame that it
// gets and does only what the test tells it. It shares no code with the library's protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/frames.hpp"
#include <wirespan/net/simulated_network.hpp>

namespace wirespan::test {

/// A peer on a thread of the simulation. As Role::server it listens, and serves one connection
/// after the other; as Role::client it connects to `port`. Other simulated threads may call its
/// functions at any time.
class WirePeer {
 public:
  /// `request`: what a client sends first; empty: an upgrade request.
  WirePeer(net::SimulatedNetwork& network, Role role, std::uint16_t port, std::string request = {});
  ~WirePeer();
  WirePeer(const WirePeer&) = delete;
  WirePeer& operator=(const WirePeer&) = delete;

  /// Sends a frame, masked if this is the client.
  void send(unsigned first_byte, std::string_view payload);
  /// Sends bytes as they are.
  void write(std::string_view bytes);
  /// Closes the socket. With bytes that were not read the other end gets a reset.
  void hang_up();
  /// Half-close: ends its direction of the stream, and reads on.
  void end_output();
  /// Ends the thread: a server accepts no further connection.
  void stop();
  /// Sends a Close frame with that code.
  void close(unsigned code = 1000);

  bool reads = true;           ///< False: nothing is read, so that the other end has a backlog.
  bool answers_close = true;   ///< A Close frame gets an answer; a server then closes the socket.
  bool echoes_pings = false;   ///< A ping gets a pong.
  std::string more_headers{};  ///< Lines of a server's 101, each with its CRLF.
  bool is_connected = false;   ///< The opening handshake is done, and the socket is open.

  /// Payloads of the whole data frames and of the pings and pongs that came, in order.
  [[nodiscard]] const std::vector<std::string>& got() const noexcept { return got_; }
  /// The sum of their sizes, and the payload bytes of a data frame that has come in part.
  [[nodiscard]] std::size_t got_bytes() const noexcept { return got_bytes_; }
  /// Bytes of frames that came, those of a frame that is cut off included, without Close frames.
  [[nodiscard]] std::size_t wire_bytes_got() const noexcept { return wire_bytes_ + input_.size(); }
  /// Data frames that came whole.
  [[nodiscard]] std::size_t data_frames() const noexcept { return data_frames_; }
  /// Codes of the Close frames that came; 0 for an empty one.
  [[nodiscard]] const std::vector<unsigned>& closes() const noexcept { return closes_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url() const;

 private:
  void serve();
  void dial();
  void converse();
  [[nodiscard]] bool read_head();
  [[nodiscard]] bool read_more();
  void take_frames();
  void take(const WireFrame& frame);
  [[nodiscard]] bool wait_for(int fd, net::Interest interest);

  net::SimulatedNetwork& network_;
  const Role role_;
  std::uint16_t port_;
  const std::string request_;
  int listener_ = -1;
  int fd_ = -1;
  bool is_stopped_ = false;
  std::string input_;  // bytes that are no whole frame yet
  std::vector<std::string> got_;
  std::vector<unsigned> closes_;
  std::size_t got_bytes_ = 0;
  std::size_t wire_bytes_ = 0;
  std::size_t data_frames_ = 0;
};

/// Every write fails while the peer reads on, for ten seconds.
void break_writes(net::SimulatedNetwork& network, WirePeer& peer);

}  // namespace wirespan::test
