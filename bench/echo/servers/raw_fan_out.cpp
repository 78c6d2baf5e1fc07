// raw_fan_out.cpp - the lower bound of fan-out: frames that are made before, and one send of them
// for each connection. It answers "publish COUNT SIZE" with that burst to all connections, and any
// other input with a 101 response; it parses no other HTTP or WebSocket. `raw_fan_out PORT`.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../published.hpp"

namespace {

constexpr std::string_view upgrade =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

struct Connection {
  int descriptor = -1;
  std::size_t place = 0;  // index in `connections`
};

int epoll = -1;
std::vector<Connection*> connections;

void append_frame(std::string& out, const char* payload, std::size_t size) {
  out.push_back(static_cast<char>(0x82));
  const int length_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  const std::size_t code = length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127;
  out.push_back(static_cast<char>(code));
  for (int i = length_bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(size >> (8 * i)));
  out.append(payload, size);
}

/// The frames of an order; made again only if the order differs from the one before.
const std::string& burst_of(const fan_out::Order& order) {
  static const fan_out::Messages messages;
  static fan_out::Order made;
  static std::string burst;
  if (made.count == order.count && made.size == order.size) return burst;
  made = order;
  burst.clear();
  for (std::size_t i = 0; i < order.count; ++i) append_frame(burst, messages.at(i), order.size);
  return burst;
}

void forget(Connection* connection) {
  ::close(connection->descriptor);
  connections.back()->place = connection->place;
  connections[connection->place] = connections.back();
  connections.pop_back();
  delete connection;
}

/// Sends a burst to all connections. Every subscriber has read the burst before, so the kernel has
/// room for one. If it has not, the burst is lost, and the load generator, which counts deliveries,
/// ends the run.
void publish(const std::string& burst) {
  for (const Connection* connection : connections) {
    (void)::send(connection->descriptor, burst.data(), burst.size(), MSG_NOSIGNAL);
  }
}

/// Reads one order or request, which is short and alone on its way, so that it comes in one piece.
/// False at the end of the connection.
bool answer(const Connection& connection) {
  std::array<char, 4096> room;
  const ::ssize_t size = ::recv(connection.descriptor, room.data(), room.size(), 0);
  if (size <= 0) return size < 0 && errno == EAGAIN;
  const std::string text(room.data(), static_cast<std::size_t>(size));
  fan_out::Order order;
  if (fan_out::parse(text, order)) {
    publish(burst_of(order));
    return true;
  }
  return ::send(connection.descriptor, upgrade.data(), upgrade.size(), MSG_NOSIGNAL) > 0;
}

void watch(int descriptor, Connection* connection) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = connection;
  (void)::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

void accept_from(int listener) {
  const int descriptor = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) return;
  const int on = 1;
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connections.push_back(new Connection{descriptor, connections.size()});
  watch(descriptor, connections.back());
}

int listen_on(std::uint16_t port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  (void)::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(listener, generic, sizeof address) != 0 || ::listen(listener, 1024) != 0) {
    std::perror("raw_fan_out");
    std::exit(1);
  }
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: raw_fan_out PORT\n");
    return 2;
  }
  epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const int listener = listen_on(static_cast<std::uint16_t>(std::atoi(argv[1])));
  watch(listener, nullptr);
  std::array<epoll_event, 512> events;
  for (;;) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection == nullptr) {
        accept_from(listener);
      } else if (!answer(*connection)) {
        forget(connection);
      }
    }
  }
}
