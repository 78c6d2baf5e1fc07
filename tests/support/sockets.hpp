// sockets.hpp - the other end of a socket, in the hands of a test: loopback only.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "support/hex.hpp"
#include <wirespan/net/endpoint.hpp>
#include <wirespan/net/unique_fd.hpp>

namespace wirespan::test {

/// Descriptors that this process has open.
[[nodiscard]] std::size_t open_descriptors();
[[nodiscard]] bool is_open_descriptor(int fd);

/// 127.0.0.1 with a port, or another address of 127/8 or ::1.
[[nodiscard]] net::Endpoint loopback(std::uint16_t port, const char* host = "127.0.0.1");

/// Two connected, non-blocking sockets.
struct SocketPair {
  net::UniqueFd ours;
  net::UniqueFd theirs;
};
[[nodiscard]] SocketPair tcp_pair();
[[nodiscard]] SocketPair unix_pair();

/// A small buffer in the kernel, so that a writer soon has to wait.
void shrink_send_buffer(int fd);

/// A non-blocking listener on a free port of loopback.
class Listener {
 public:
  explicit Listener(const char* host = "127.0.0.1", int backlog = 64);
  [[nodiscard]] const net::Endpoint& endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// Nothing waits: not open.
  [[nodiscard]] net::UniqueFd accept();
  /// Waits for a client, but not for ever.
  [[nodiscard]] net::UniqueFd accept_soon();

 private:
  net::UniqueFd fd_;
  net::Endpoint endpoint_;
};

/// An address that refuses connections for as long as this lives.
class RefusingAddress {
 public:
  explicit RefusingAddress(const char* host = "127.0.0.1");
  [[nodiscard]] const net::Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  net::UniqueFd fd_;  // bound, but it does not listen
  net::Endpoint endpoint_;
};

/// An address that never answers: a listener whose queue is full.
class BlackHole {
 public:
  explicit BlackHole(const char* host = "127.0.0.1");
  [[nodiscard]] const net::Endpoint& endpoint() const noexcept { return listener_.endpoint(); }

 private:
  Listener listener_;
  std::vector<net::UniqueFd> waiting_;
};

/// The peer of what is tested: raw bytes, never blocking. What the kernel does not take at once is
/// kept and sent by pump().
class RawPeer {
 public:
  explicit RawPeer(net::UniqueFd fd);

  void send(Bytes bytes);
  /// Sends what is left and reads what is there.
  void pump();
  /// Only sends; what comes stays in the kernel.
  void push();
  void shutdown_write();
  void close();
  /// Closes with a reset.
  void reset();

  [[nodiscard]] const ByteVector& received() const noexcept { return received_; }
  [[nodiscard]] std::size_t unsent() const noexcept { return outgoing_.size() - sent_; }
  /// The other side has ended its direction.
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  /// The connection was reset.
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
