// simulated_sockets.cpp - TCP as a program sees it: connecting, bytes, resets, silence.
#include <algorithm>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <wirespan/net/simulated_sockets.hpp>

namespace wirespan::net {
namespace {

constexpr std::size_t default_backlog = 4096;

std::error_code bad_descriptor() { return make_error_code(std::errc::bad_file_descriptor); }

/// The address of the side that connects, unless it was bound.
Endpoint own_address(const Endpoint& peer) {
  if (peer.family() == Family::unix_path) return {};
  if (peer.is_loopback()) return peer.with_port(0);
  const bool is_v6 = peer.family() == Family::ipv6;
  return Endpoint::from_numeric(is_v6 ? "2001:db8::c1" : "198.51.100.1", 0).value_or(Endpoint());
}

bool is_wildcard(const Endpoint& local) {
  return local.host() == "0.0.0.0" || local.host() == "::";
}

}  // namespace

SimulatedSockets::Socket* SimulatedSockets::find(int fd) noexcept {
  const auto found = sockets_.find(fd);
  return found == sockets_.end() ? nullptr : &found->second;
}

int SimulatedSockets::add(Socket socket) {
  const int fd = next_fd_++;
  sockets_.emplace(fd, std::move(socket));
  return fd;
}

SimulatedPipe& SimulatedSockets::out(const Socket& socket) noexcept {
  return socket.is_client ? socket.connection->up : socket.connection->down;
}

SimulatedPipe& SimulatedSockets::in(const Socket& socket) noexcept {
  return socket.is_client ? socket.connection->down : socket.connection->up;
}

// Opening.

Expected<int> SimulatedSockets::open(Family family) {
  if (is_full()) return make_error_code(std::errc::too_many_files_open);
  return add({.family = family});
}

std::error_code SimulatedSockets::bind(int fd, const Endpoint& local) {
  Socket* socket = find(fd);
  if (socket == nullptr) return bad_descriptor();
  socket->local = local;
  return {};
}

Expected<int> SimulatedSockets::listen(const Endpoint& local, const ListenOptions& options) {
  if (is_full()) return make_error_code(std::errc::too_many_files_open);
  const bool chooses = local.port() == 0 && local.family() != Family::unix_path;
  const Endpoint name = chooses ? local.with_port(free_port()) : local;
  for (const auto& [fd, other] : sockets_) {
    const bool is_taken = other.state == State::listening && other.local == name;
    if (is_taken && options.sharing != PortSharing::join) {
      return make_error_code(std::errc::address_in_use);
    }
  }
  Socket socket{.state = State::listening, .family = local.family(), .local = name};
  socket.most_waiting =
      options.backlog > 0 ? static_cast<std::size_t>(options.backlog) : default_backlog;
  const int fd = add(std::move(socket));
  for (const SocketOption& option : options.inherited) (void)set_option(fd, option);
  return fd;
}

SimulatedSockets::Socket* SimulatedSockets::listener_for(const Endpoint& peer) {
  for (auto& [fd, socket] : sockets_) {
    if (socket.state != State::listening) continue;
    const bool takes_all = is_wildcard(socket.local) && socket.local.port() == peer.port() &&
                           peer.family() != Family::unix_path;
    if (socket.local == peer || takes_all) return &socket;
  }
  return nullptr;
}

std::error_code SimulatedSockets::connect(int fd, const Endpoint& peer) {
  Socket* socket = find(fd);
  if (socket == nullptr) return bad_descriptor();
  const SimulatedPath path = choose_path ? choose_path(peer) : SimulatedPath{};
  socket->state = State::connecting;
  socket->is_client = true;
  socket->peer = peer;
  if (socket->local.family() == Family::other) socket->local = own_address(peer);
  if (socket->local.port() == 0) socket->local = socket->local.with_port(free_port());
  if (path.answers) {
    clock_.at(clock_.now() + path.up.latency, [this, fd, peer, path] { arrive(fd, peer, path); });
  }
  return make_error_code(std::errc::operation_in_progress);
}

/// The first packet of an attempt has come to the other side.
void SimulatedSockets::arrive(int fd, const Endpoint& peer, const SimulatedPath& path) {
  Socket* client = find(fd);
  if (client == nullptr || client->state != State::connecting) return;
  if (path.connect_error) return answer(fd, path.down.latency, path.connect_error);
  Socket* listener = listener_for(peer);
  if (listener == nullptr) {
    return answer(fd, path.down.latency, make_error_code(std::errc::connection_refused));
  }
  if (listener->backlog.size() >= listener->most_waiting) {  // it is sent again later
    clock_.at(clock_.now() + std::chrono::seconds(1),
              [this, fd, peer, path] { arrive(fd, peer, path); });
    return;
  }
  client->connection = std::make_shared<Connection>(
      Connection{.up = SimulatedPipe(clock_, path.up), .down = SimulatedPipe(clock_, path.down)});
  const int accepted = add({.state = State::connected,
                            .family = listener->family,
                            .local = peer,
                            .peer = client->local,
                            .connection = client->connection,
                            .patience = listener->patience});
  listener->backlog.push_back(accepted);
  ++waiting_;
  answer(fd, path.down.latency, {});
}

void SimulatedSockets::answer(int fd, std::chrono::nanoseconds after, std::error_code error) {
  clock_.at(clock_.now() + after, [this, fd, error] {
    Socket* socket = find(fd);
    if (socket == nullptr || socket->state != State::connecting) return;
    socket->state = error ? State::failed : State::connected;
    socket->error = error;
  });
}

std::error_code SimulatedSockets::connect_result(int fd) {
  const Socket* socket = find(fd);
  return socket == nullptr ? bad_descriptor() : socket->error;
}

Expected<Accepted> SimulatedSockets::accept(int listener) {
  Socket* socket = find(listener);
  if (socket == nullptr) return bad_descriptor();
  if (socket->backlog.empty()) return make_error_code(std::errc::operation_would_block);
  if (is_full()) return make_error_code(std::errc::too_many_files_open);
  const int fd = socket->backlog.front();
  socket->backlog.pop_front();
  --waiting_;
  return Accepted{.fd = fd, .peer = find(fd)->peer};
}

// Bytes.

IoResult SimulatedSockets::read(int fd, MutableBytes in_bytes) {
  Socket* socket = find(fd);
  if (socket == nullptr) return IoResult::failure(bad_descriptor());
  if (socket->state != State::connected) {
    return IoResult::failure(make_error_code(std::errc::not_connected));
  }
  if (socket->reads_no_more) return {.status = IoStatus::eof};
  if (const std::size_t size = in(*socket).read(in_bytes)) {
    return {.status = IoStatus::ok, .bytes = size};
  }
  if (const auto error = failure(*socket)) {
    if (std::exchange(socket->error_told, true)) return {.status = IoStatus::eof};
    return IoResult::failure(error);
  }
  const bool is_over = in(*socket).end_has_come() && in(*socket).held() == 0;
  return {.status = is_over ? IoStatus::eof : IoStatus::want_read};
}

IoResult SimulatedSockets::write(int fd, std::span<const Bytes> pieces) {
  Socket* socket = find(fd);
  if (socket == nullptr) return IoResult::failure(bad_descriptor());
  if (socket->state != State::connected) {
    return IoResult::failure(make_error_code(std::errc::not_connected));
  }
  if (const auto error = failure(*socket)) {
    const bool is_known = std::exchange(socket->error_told, true);
    return IoResult::failure(is_known ? make_error_code(std::errc::broken_pipe) : error);
  }
  if (out(*socket).is_ended()) {
    return IoResult::failure(make_error_code(std::errc::broken_pipe));
  }
  const std::size_t size = out(*socket).write(pieces);
  if (size == 0) return {.status = IoStatus::want_write};
  written_[fd] += size;
  note_silence(*socket);
  if (out(*socket).resets()) reset(socket->connection, out(*socket).latency());
  reset_if_closed(*socket);
  return {.status = IoStatus::ok, .bytes = size};
}

void SimulatedSockets::shutdown_write(int fd) noexcept {
  Socket* socket = find(fd);
  if (socket != nullptr && socket->connection) out(*socket).end();
}

void SimulatedSockets::shutdown_both(int fd) noexcept {
  shutdown_write(fd);
  if (Socket* socket = find(fd)) socket->reads_no_more = true;
}

/// Bytes that were not read, or that come later, are answered by a reset, as Linux does.
void SimulatedSockets::close(int fd) noexcept {
  Socket* socket = find(fd);
  if (socket == nullptr) return;
  const Socket closed = std::move(*socket);
  sockets_.erase(fd);
  waiting_ -= closed.backlog.size();
  for (const int waiting : closed.backlog) close(waiting);
  if (!closed.connection) return;
  (closed.is_client ? closed.connection->up_open : closed.connection->down_open) = false;
  if (in(closed).unread() > 0) return reset(closed.connection, out(closed).latency());
  out(closed).end();
  if (in(closed).held() > 0) {
    const auto way = std::max(in(closed).last_arrival() - clock_.now(), TimePoint::duration(0));
    reset(closed.connection, way + out(closed).latency());
  }
}

/// Bytes that go to an end which is closed are answered by a reset.
void SimulatedSockets::reset_if_closed(const Socket& socket) {
  const bool is_open = socket.is_client ? socket.connection->down_open : socket.connection->up_open;
  if (is_open) return;
  reset(socket.connection, out(socket).last_arrival() - clock_.now() + in(socket).latency());
}

/// A silent connection is never told of a reset.
void SimulatedSockets::reset(const std::shared_ptr<Connection>& connection,
                             std::chrono::nanoseconds after) {
  clock_.at(clock_.now() + after, [connection] {
    if (!connection->up.is_silent()) connection->reset = true;
  });
}

void SimulatedSockets::reset_all() {
  for (auto& [fd, socket] : sockets_) {
    if (socket.connection) socket.connection->reset = true;
  }
}

void SimulatedSockets::silence_all() {
  for (auto& [fd, socket] : sockets_) {
    if (!socket.connection) continue;
    socket.connection->up.silence();
    socket.connection->down.silence();
    note_silence(socket);
  }
}

// Silence.

/// Once one direction is silent no byte is acknowledged in either.
void SimulatedSockets::note_silence(Socket& socket) {
  Connection& both = *socket.connection;
  if (!both.up.is_silent() && !both.down.is_silent()) return;
  if (both.silent_since == TimePoint{}) both.silent_since = clock_.now();
  both.up.silence();
  both.down.silence();
  if (!socket.unacknowledged && out(socket).held() > 0) socket.unacknowledged = clock_.now();
  for (auto& [fd, other] : sockets_) {
    if (other.connection == socket.connection) end_by_time(other);
  }
}

/// Asks for the time at which TCP itself gives the silent connection up.
void SimulatedSockets::end_by_time(Socket& socket) {
  const Patience& patience = socket.patience;
  if (patience.user_timeout.count() > 0 && socket.unacknowledged) {
    clock_.at(*socket.unacknowledged + patience.user_timeout);
  }
  if (!patience.keep_alive) return;
  clock_.at(socket.connection->silent_since + patience.idle + patience.count * patience.interval);
}

/// Returns the error that has ended the connection, if one has.
std::error_code SimulatedSockets::failure(Socket& socket) {
  const Connection& both = *socket.connection;
  if (both.reset) return make_error_code(std::errc::connection_reset);
  if (both.silent_since == TimePoint{}) return {};
  const Patience& patience = socket.patience;
  const bool sent_in_vain = patience.user_timeout.count() > 0 && socket.unacknowledged &&
                            clock_.now() >= *socket.unacknowledged + patience.user_timeout;
  const auto probes = patience.idle + patience.count * patience.interval;
  const bool probed_in_vain = patience.keep_alive && clock_.now() >= both.silent_since + probes;
  if (!sent_in_vain && !probed_in_vain) return {};
  return make_error_code(std::errc::timed_out);
}

// Facts.

Readiness SimulatedSockets::readiness(int fd) {
  Socket* socket = find(fd);
  if (socket == nullptr) return {};
  switch (socket->state) {
    case State::fresh:
      return {.writable = true, .failed = true};
    case State::listening:
      return {.readable = !socket->backlog.empty()};
    case State::connecting:
      return {};
    case State::failed:
      return {.readable = true, .writable = true, .failed = true};
    case State::connected:
      break;
  }
  const bool has_failed = static_cast<bool>(failure(*socket));
  const SimulatedPipe& input = in(*socket);
  const bool ended = input.end_has_come() || socket->reads_no_more;
  return {.readable = input.unread() > 0 || ended || has_failed,
          .writable = out(*socket).has_room() || out(*socket).is_ended() || has_failed,
          .failed = has_failed || (ended && out(*socket).is_ended()),
          .peer_ended = ended};
}

std::error_code SimulatedSockets::set_option(int fd, const SocketOption& option) {
  Socket* socket = find(fd);
  if (socket == nullptr) return bad_descriptor();
  Patience& patience = socket->patience;
  const int value = option.value;
  if (option.level == SOL_SOCKET && option.name == SO_KEEPALIVE) patience.keep_alive = value != 0;
  if (option.level != IPPROTO_TCP) return {};
  if (option.name == TCP_KEEPIDLE) patience.idle = std::chrono::seconds(value);
  if (option.name == TCP_KEEPINTVL) patience.interval = std::chrono::seconds(value);
  if (option.name == TCP_KEEPCNT) patience.count = value;
  if (option.name == TCP_USER_TIMEOUT) patience.user_timeout = std::chrono::milliseconds(value);
  return {};
}

Expected<Endpoint> SimulatedSockets::local_endpoint(int fd) {
  const Socket* socket = find(fd);
  if (socket == nullptr) return bad_descriptor();
  return socket->local;
}

Expected<Endpoint> SimulatedSockets::peer_endpoint(int fd) {
  const Socket* socket = find(fd);
  if (socket == nullptr) return bad_descriptor();
  if (socket->state != State::connected) return make_error_code(std::errc::not_connected);
  return socket->peer;
}

}  // namespace wirespan::net
