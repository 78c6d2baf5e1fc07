// tcp_socket.hpp - a connected, non-blocking socket: the plain model of Stream.
#pragma once

#include <span>
#include <utility>

#include <wirespan/net/network.hpp>
#include <wirespan/net/stream.hpp>

namespace wirespan::net {

/// A TCP or Unix stream socket. Owns its descriptor and closes it when destroyed, without a
/// half-close. Movable; the descriptor stays the same. The Network must outlive it.
class TcpSocket {
 public:
  /// Owns `fd`, which is one of `network`.
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

  /// The descriptor; -1 for an object that was moved from.
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// The network of the descriptor.
  [[nodiscard]] Network& network() const noexcept { return *network_; }
  /// Nothing to do: for the Stream concept.
  [[nodiscard]] IoResult handshake() const noexcept { return {}; }
  /// Asks for IoResult::received_at from here on. Nothing changes if the network cannot tell.
  void tell_receive_times() { is_timed_ = !network_->enable_receive_times(fd_); }
  /// As Network's functions.
  [[nodiscard]] IoResult read_some(MutableBytes in) {
    return is_timed_ ? network_->read_timed(fd_, in) : network_->read(fd_, in);
  }
  [[nodiscard]] IoResult write_some(Bytes out) { return network_->write(fd_, {&out, 1}); }
  [[nodiscard]] IoResult write_pieces(std::span<const Bytes> pieces) {
    return network_->write(fd_, pieces);
  }
  /// False: nothing is read ahead.
  [[nodiscard]] bool has_buffered_input() const noexcept { return false; }
  /// Half-closes.
  [[nodiscard]] IoResult shutdown() noexcept {
    network_->shutdown_write(fd_);
    return {};
  }
  /// Gives up ownership and returns the descriptor.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  Network* network_;
  int fd_;
  bool is_timed_ = false;
};
static_assert(Stream<TcpSocket>);

}  // namespace wirespan::net
