// server_listener.cpp - accepts, rests without descriptors, takes over abandoned Unix sockets.
#include <chrono>
#include <filesystem>
#include <utility>

#include <wirespan/app/server/server_listener.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {
namespace {

/// Time without accepting after the system had no descriptor or no memory for a connection.
constexpr std::chrono::milliseconds accept_rest{100};

bool is_exhausted(std::error_code error) noexcept {
  return error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system || error == std::errc::no_buffer_space ||
         error == std::errc::not_enough_memory;
}

/// True if the path is a Unix socket that no process listens on. The kernel refuses a connection to
/// a file that is no socket in the same way, and such a file must not be removed.
bool is_abandoned(net::Network& network, const net::Endpoint& path) {
  std::error_code unimportant;
  if (!std::filesystem::is_socket(path.host(), unimportant)) return false;
  const auto fd = network.open(net::Family::unix_path);
  if (!fd) return false;
  const auto error = network.connect(*fd, path);
  network.close(*fd);
  return error == std::errc::connection_refused;
}

void remove_name(const net::Endpoint& path) noexcept {
  std::error_code unimportant;
  std::filesystem::remove(path.host(), unimportant);
}

}  // namespace

void ServerListener::close() noexcept {
  if (fd_ < 0) return;
  loop_.timers().cancel(*this);
  loop_.forget(fd_, *this);
  if (has_name_) remove_name(local_);
  loop_.network().close(std::exchange(fd_, -1));
}

std::error_code ServerListener::open(const net::Endpoint& local,
                                     const net::ListenOptions& options) {
  net::Network& network = loop_.network();
  auto fd = network.listen(local, options);
  const bool name_taken =
      !fd && fd.error() == std::errc::address_in_use && local.family() == net::Family::unix_path;
  if (name_taken && is_abandoned(network, local)) {
    remove_name(local);
    fd = network.listen(local, options);
  }
  if (!fd) return fd.error();
  fd_ = *fd;
  const auto bound = network.local_endpoint(fd_);
  if (!bound) return bound.error();
  has_name_ = local.family() == net::Family::unix_path;
  local_ = has_name_ ? local : *bound;
  return loop_.watch(fd_, net::Interest::read, *this);
}

std::error_code ServerListener::adopt(int fd) {
  net::Network& network = loop_.network();
  if (const auto error = network.check_listener(fd)) {
    if (error != std::errc::bad_file_descriptor) network.close(fd);
    return error;
  }
  fd_ = fd;
  const auto bound = network.local_endpoint(fd_);
  if (!bound) return bound.error();
  local_ = *bound;
  if (const auto error = network.set_nonblocking(fd_)) return error;
  if (local_.family() != net::Family::unix_path) {
    for (const net::SocketOption& option : net::accepted_socket_options()) {
      (void)network.set_option(fd_, option);  // best effort, as listen() does
    }
  }
  return loop_.watch(fd_, net::Interest::read, *this);
}

void ServerListener::on_ready(net::Readiness) {
  // on_accept_ may stop the server, which closes this listener.
  for (int i = 0; i < limits::accepts_per_turn && fd_ >= 0; ++i) {
    const auto accepted = loop_.network().accept(fd_);
    if (accepted) {
      on_accept_(*accepted);
    } else if (is_exhausted(accepted.error())) {
      return rest();
    } else if (accepted.error() == std::errc::operation_would_block) {
      return;
    }
    // Any other error concerned one connection that the peer has already closed.
  }
}

/// Accepts nothing for accept_rest. Readiness is level-triggered: while no connection can be
/// accepted the socket stays readable, and the loop would spin.
void ServerListener::rest() {
  on_rest_();
  (void)loop_.watch(fd_, net::Interest::none, *this);
  loop_.timers().schedule(*this, loop_.now() + accept_rest);
}

void ServerListener::on_timer(TimePoint) { (void)loop_.watch(fd_, net::Interest::read, *this); }

}  // namespace wirespan
