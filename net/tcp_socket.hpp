// tcp_socket.hpp - a connected, non-blocking stream socket: the plainest model of Stream.
#pragma once

#include <span>
#include <utility>

#include <wirespan/net/network.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan::net {

/// Owns its descriptor. Movable; the descriptor stays the same.
class TcpSocket {
 public:
  TcpSocket(Network& network, int fd) noexcept : network_(&network), fd_(fd) {}
  TcpSocket(TcpSocket&& other) noexcept
      : network_(other.network_), fd_(std::exchange(other.fd_, -1)), is_timed_(other.is_timed_) {}
  TcpSocket& operator=(TcpSocket&& other) noexcept {
    std::swap(network_, other.network_);
    std::swap(fd_, other.fd_);
    std::swap(is_timed_, other.is_timed_);
    return *this;
  }
  ~TcpSocket() {
    if (fd_ >= 0) network_->close(fd_);
  }

  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] Network& network() const noexcept { return *network_; }
  [[nodiscard]] IoResult handshake() const noexcept { return {}; }
  /// What is read tells when it was received, from now on and as far as the system knows; where it
  /// cannot, nothing changes.
  void tell_receive_times() { is_timed_ = !network_->enable_receive_times(fd_); }
  [[nodiscard]] IoResult read_some(MutableBytes in) {
    return is_timed_ ? network_->read_timed(fd_, in) : network_->read(fd_, in);
  }
  [[nodiscard]] IoResult write_some(Bytes out) { return network_->write(fd_, {&out, 1}); }
  [[nodiscard]] IoResult write_pieces(std::span<const Bytes> pieces) {
    return network_->write(fd_, pieces);
  }
  [[nodiscard]] bool has_buffered_input() const noexcept { return false; }
  [[nodiscard]] IoResult shutdown() noexcept {
    network_->shutdown_write(fd_);
    return {};
  }
  /// Gives the descriptor away.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  Network* network_;
  int fd_;
  bool is_timed_ = false;
};
static_assert(Stream<TcpSocket>);

}  // namespace wirespan::net
