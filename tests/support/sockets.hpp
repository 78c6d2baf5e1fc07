// sockets.hpp - the other end of a socket for tests in one thread: loopback only, non-blocking.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "support/hex.hpp"
#include <wirespan/net/endpoint.hpp>
#include <wirespan/net/unique_fd.hpp>

namespace wirespan::test {

/// Returns the number of descriptors that this process has open.
[[nodiscard]] std::size_t open_descriptors();
[[nodiscard]] bool is_open_descriptor(int fd);

/// Returns the endpoint of a port on 127.0.0.1, another address of 127/8, or ::1.
[[nodiscard]] net::Endpoint loopback(std::uint16_t port, const char* host = "127.0.0.1");

/// Two connected, non-blocking sockets.
struct SocketPair {
  net::UniqueFd ours;
  net::UniqueFd theirs;
};
[[nodiscard]] SocketPair tcp_pair();
[[nodiscard]] SocketPair unix_pair();

/// Makes the kernel's send buffer small, so that a writer soon gets EAGAIN.
void shrink_send_buffer(int fd);

/// A non-blocking listener on a free port of loopback.
class Listener {
 public:
  explicit Listener(const char* host = "127.0.0.1", int backlog = 64);
  [[nodiscard]] const net::Endpoint& endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// Accepts a connection; the descriptor is not open if none waits.
  [[nodiscard]] net::UniqueFd accept();
  /// Waits for a client, with a time limit.
  [[nodiscard]] net::UniqueFd accept_soon();

 private:
  net::UniqueFd fd_;
  net::Endpoint endpoint_;
};

/// An address that refuses connections for the lifetime of this object.
class RefusingAddress {
 public:
  explicit RefusingAddress(const char* host = "127.0.0.1");
  [[nodiscard]] const net::Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  net::UniqueFd fd_;  // bound, but not listening
  net::Endpoint endpoint_;
};

/// An address that never answers: a listener whose accept queue is full.
class FullBacklogListener {
 public:
  explicit FullBacklogListener(const char* host = "127.0.0.1");
  [[nodiscard]] const net::Endpoint& endpoint() const noexcept { return listener_.endpoint(); }

 private:
  Listener listener_;
  std::vector<net::UniqueFd> waiting_;
};

/// The peer of the code under test: raw bytes, never blocking. Bytes that the kernel refuses are
/// kept; pump() and push() send them later.
class NonblockingPeer {
 public:
  explicit NonblockingPeer(net::UniqueFd fd);

  void send(Bytes bytes);
  /// Sends the kept bytes and reads all that has arrived.
  void pump();
  /// Sends the kept bytes and does not read.
  void push();
  void shutdown_write();
  void close();
  /// Closes the socket so that the other side gets a reset (RST).
  void reset();

  [[nodiscard]] const ByteVector& received() const noexcept { return received_; }
  [[nodiscard]] std::size_t unsent() const noexcept { return outgoing_.size() - sent_; }
  /// True if the other side has ended its direction.
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  /// True if the connection was reset.
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  net::UniqueFd fd_;
  ByteVector outgoing_;
  std::size_t sent_ = 0;
  ByteVector received_;
  bool ended_ = false;
  bool broken_ = false;
};

}  // namespace wirespan::test
