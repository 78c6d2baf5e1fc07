// simulated_server.hpp - a server on a simulated network that follows a test's scripts, one
// connection after the other.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/frames.hpp"
#include "support/raw_peer.hpp"
#include <wirespan/net/simulated_network.hpp>

namespace wirespan::test {

/// The server's end of a connection; closes it in its destructor. Belongs to a simulated thread.
class SimulatedPeer {
 public:
  SimulatedPeer(net::SimulatedNetwork& network, int fd) noexcept : network_(network), fd_(fd) {}
  ~SimulatedPeer() { network_.close(fd_); }
  SimulatedPeer(const SimulatedPeer&) = delete;
  SimulatedPeer& operator=(const SimulatedPeer&) = delete;

  /// Waits for bytes and returns them; empty at the end of the stream, and after an hour.
  std::string read_some() {
    std::array waiting{net::Waiting{.fd = fd_, .interest = net::Interest::read}};
    if (!network_.wait(waiting, std::chrono::hours(1))) return {};
    std::array<std::byte, 4096> buffer{};
    const net::IoResult result = network_.read(fd_, buffer);
    return std::string(wire_text(Bytes(buffer).first(result.is_ok() ? result.bytes : 0)));
  }
  /// Reads up to the empty line behind a head, or up to the end of the stream.
  std::string read_head() {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      const std::string more = read_some();
      if (more.empty()) break;
      head += more;
    }
    return head;
  }
  void write(std::string_view bytes) {
    const std::array pieces{wire_bytes(bytes)};
    (void)network_.write(fd_, pieces);
  }
  /// Reads a request for an upgrade and accepts it.
  void accept() { write(RawPeer::acceptance(read_head())); }
  void send_close(unsigned code) { write(wire_text(frame(0x88, wire_bytes(close_body(code))))); }

 private:
  net::SimulatedNetwork& network_;
  int fd_;
};

using SimulatedScript = std::function<void(SimulatedPeer&)>;

/// Starts a simulated thread that listens on `port` of every address. The n-th connection runs the
/// n-th script; the thread ends behind the last one, or when no client has come for an hour.
inline void simulate_server(net::SimulatedNetwork& network, std::uint16_t port,
                            std::vector<SimulatedScript> scripts) {
  const int listener = *network.listen(*net::Endpoint::from_numeric("0.0.0.0", port), {});
  network.start("server", [&network, listener, scripts = std::move(scripts)] {
    for (const SimulatedScript& script : scripts) {
      std::array waiting{net::Waiting{.fd = listener, .interest = net::Interest::read}};
      if (!network.wait(waiting, std::chrono::hours(1))) break;
      const auto accepted = network.accept(listener);
      if (!accepted) break;
      SimulatedPeer peer(network, accepted->fd);
      script(peer);
    }
    network.close(listener);
  });
}

}  // namespace wirespan::test
