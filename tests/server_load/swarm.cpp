// swarm.cpp - non-blocking raw clients on one epoll: connect, TLS, request, frames.
#include "swarm.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wirespan/net/network.hpp>
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::test {
namespace {

sockaddr_in loopback_address(unsigned last, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(0x7F000000U + last);
  return address;
}

int connect_from(unsigned last, std::uint16_t port, int receive_buffer) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::runtime_error("no socket for a client");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (receive_buffer > 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  const sockaddr_in from = loopback_address(last, 0);
  const sockaddr_in to = loopback_address(1, port);
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0;
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  if (bound && (connected || errno == EINPROGRESS)) return fd;
  throw std::runtime_error("a client cannot connect");
}

}  // namespace

std::string client_frame(unsigned first_byte, std::string_view payload) {
  std::string wire(1, static_cast<char>(first_byte));
  if (payload.size() < 126) {
    wire += static_cast<char>(0x80 | payload.size());
  } else {
    wire += static_cast<char>(0xFE);
    wire += static_cast<char>(payload.size() >> 8);
    wire += static_cast<char>(payload.size() & 255);
  }
  wire.append(4, '\0');
  return wire.append(payload);
}

const std::string& client_request() {
  static const std::string request =
      "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  return request;
}

Swarm::Swarm(std::uint16_t port, const tls::Context* tls)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), port_(port), tls_(tls) {}

void Swarm::add(std::size_t count) {
  waiting_ += count;
  connect_more();
}

void Swarm::connect_more() {
  while (waiting_ > 0 && under_way_ < most_under_way) {
    auto client = std::make_unique<Client>();
    client->index = clients_.size();
    client->fd = connect_from(2 + static_cast<unsigned>(client->index % 8), port_, receive_buffer);
    client->plain = net::UniqueFd(client->fd);
    clients_.push_back(std::move(client));
    watch(*clients_.back());
    --waiting_;
    ++under_way_;
  }
}

bool Swarm::run_until(const std::function<bool()>& done, std::chrono::milliseconds time) {
  const auto end = LoadClock::now() + time;
  while (!done()) {
    if (LoadClock::now() > end) return false;
    turn(20);
  }
  return true;
}

void Swarm::turn(int timeout) {
  std::array<epoll_event, 512> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), int{events.size()}, timeout);
  for (int i = 0; i < count; ++i) work(*clients_[events[static_cast<std::size_t>(i)].data.u64]);
  connect_more();
}

void Swarm::work(Client& client) {
  if (client.state == State::connecting) {
    client.state = State::securing;
    if (tls_ != nullptr) {
      net::TcpSocket socket(net::system_network(), client.plain.release());
      auto stream =
          tls::TlsStream::client(net::make_transport(std::move(socket)), *tls_, "localhost", false);
      if (!stream) return end(client);
      client.secure.emplace(std::move(*stream));
    }
  }
  if (client.state == State::securing) {
    if (!secure(client)) return;
    client.state = State::opening;
    if (on_connected) {
      on_connected(client);
    } else {
      client.out += client_request();
    }
  }
  if (client.state != State::ended) write(client);
  if (client.state != State::ended && (client.reads || client.state != State::open)) read(client);
  if (client.state != State::ended) watch(client);
}

bool Swarm::secure(Client& client) {
  if (!client.secure) return true;
  const auto result = client.secure->handshake();
  if (result.is_ok()) return true;
  if (!result.would_block()) {
    end(client);
    return false;
  }
  watch(client);
  return false;
}

void Swarm::read(Client& client) {
  std::array<std::byte, 65'536> buffer;
  while (client.state != State::ended) {
    net::IoResult result;
    if (client.secure) {
      result = client.secure->read_some(buffer);
    } else {
      const ssize_t size = ::recv(client.fd, buffer.data(), buffer.size(), 0);
      result.bytes = size > 0 ? static_cast<std::size_t>(size) : 0;
      result.status = size > 0                        ? net::IoStatus::ok
                      : size < 0 && (errno == EAGAIN) ? net::IoStatus::want_read
                                                      : net::IoStatus::eof;
    }
    if (result.would_block()) return;
    if (!result.is_ok()) return end(client);
    client.in += wire_text(Bytes(buffer).first(result.bytes));
    parse(client);
    if (!client.reads) return;
  }
}

void Swarm::write(Client& client) {
  while (!client.out.empty() && client.state >= State::opening) {
    net::IoResult result;
    if (client.secure) {
      result = client.secure->write_some(wire_bytes(client.out));
    } else {
      const ssize_t size = ::send(client.fd, client.out.data(), client.out.size(), MSG_NOSIGNAL);
      result.bytes = size > 0 ? static_cast<std::size_t>(size) : 0;
      result.status = size > 0          ? net::IoStatus::ok
                      : errno == EAGAIN ? net::IoStatus::want_write
                                        : net::IoStatus::error;
    }
    if (result.would_block()) return;
    if (!result.is_ok()) return end(client);
    client.out.erase(0, result.bytes);
  }
}

void Swarm::parse(Client& client) {
  if (client.state == State::opening) {
    const std::size_t end_of_head = client.in.find("\r\n\r\n");
    if (end_of_head == std::string::npos) return;
    if (!client.in.starts_with("HTTP/1.1 101 ")) return end(client);
    client.in.erase(0, end_of_head + 4);
    client.state = State::open;
    --under_way_;
    ++open_;
    if (on_open) on_open(client);
  }
  std::size_t at = 0;
  while (client.state == State::open && client.in.size() - at >= 2) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(client.in[at + i]); };
    std::size_t head = 2;
    std::size_t size = byte(1);
    const std::size_t extra = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (client.in.size() - at < head + extra) break;
    if (extra > 0) size = 0;
    for (std::size_t i = 0; i < extra; ++i) size = size << 8 | byte(head + i);
    head += extra;
    if (client.in.size() - at < head + size) break;
    const unsigned first = byte(0);
    const std::string_view payload = std::string_view(client.in).substr(at + head, size);
    at += head + size;
    take_frame(client, first, payload);
  }
  if (client.state != State::ended) client.in.erase(0, at);
}

void Swarm::take_frame(Client& client, unsigned first_byte, std::string_view payload) {
  if (first_byte != 0x88) {
    if (on_frame) on_frame(client, first_byte, payload);
    return;
  }
  client.closed = true;
  if (payload.size() >= 2) {
    client.code = static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                             static_cast<unsigned char>(payload[1]));
  }
  send(client, client_frame(0x88, payload.substr(0, 2)));
}

void Swarm::send(Client& client, std::string_view bytes) {
  if (client.state == State::ended) return;
  client.out += bytes;
  write(client);
  if (client.state != State::ended) watch(client);
}

void Swarm::watch(Client& client) {
  const bool reads = client.reads || client.state != State::open;
  const bool writes = !client.out.empty() || client.state == State::connecting;
  const std::uint32_t wanted = (reads ? EPOLLIN : 0U) | (writes ? EPOLLOUT : 0U);
  if (wanted == client.watched && wanted != 0) return;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = client.index;
  const int what = client.watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (::epoll_ctl(epoll_.get(), what, client.fd, &event) != 0 && errno == EEXIST) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, client.fd, &event);
  }
  client.watched = wanted;
}

void Swarm::cut(Client& client) { end(client); }

void Swarm::end(Client& client) {
  if (client.state == State::ended) return;
  client.state == State::open ? --open_ : --under_way_;
  client.state = State::ended;
  ++ended_;
  client.secure.reset();
  client.plain = net::UniqueFd();
  if (on_end) on_end(client);
}

}  // namespace wirespan::test
