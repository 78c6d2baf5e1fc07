// world_others.cpp - blocking clients and sick peers of a world.
#include <array>
#include <string>

#include "simulation/world_state.hpp"
#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/websocket.hpp>
#include <wirespan/net/tcp_socket.hpp>
#ifdef WIRESPAN_TEST_TLS
#include "support/certificates.hpp"
#endif

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

ConnectOptions blocking_options(WorldState& world, const ClientPlan& client) {
  ConnectOptions options;
  options.network = &world.network;
  options.proxy_from_environment = false;
  options.timeout = 200s;
  options.connect_timeout = 10s;
  if (client.compresses) options.compression.emplace();
#ifdef WIRESPAN_TEST_TLS
  if (world.plan.tls) {
    options.sslopt.ca_certs = authority_file();
    options.sslopt.check_hostname = false;
  }
#endif
  return options;
}

void talk(WorldState& world, std::size_t i, int& echoes) {
  const ClientPlan& client = world.plan.clients[i];
  WebSocket socket = create_connection(url_for(world, i), blocking_options(world, client));
  for (int n = 0; n < client.messages; ++n) {
    const std::string text = make_message(i, n, client.largest);
    socket.send(text);
    const std::string echo = socket.recv();
    world.check(echo == text, i, "echo " + std::to_string(n) + " is not the message");
    ++echoes;
    ++world.report.messages;
    if (client.pause.count() > 0) world.network.sleep_for(client.pause);
  }
  socket.close();
}

/// A socket without a protocol, for peers that keep no rules.
class SickPeer {
 public:
  SickPeer(WorldState& world, std::size_t index) : world_(world), index_(index) {}

  void run() {
    net::SimulatedNetwork& network = world_.network;
    const auto address =
        net::Endpoint::from_numeric("192.0.2." + std::to_string(index_ + 1), world_.port);
    const auto fd = network.open(net::Family::ipv4);
    if (!fd || !address) return;
    net::TcpSocket socket(network, *fd);
    (void)network.connect(*fd, *address);
    if (!wait_for(socket, net::Interest::write) || network.connect_result(*fd)) return;
    const TimePoint connected = network.now();
    const ClientKind kind = world_.plan.clients[index_].kind;
    if (kind == ClientKind::says_nothing) return wait_for_the_end(socket, connected);
    write(socket,
          "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    if (kind == ClientKind::never_reads) {
      write(socket, std::string("\x81\x84\0\0\0\0more", 10));
      network.sleep_for(15s);
    } else {
      write(socket, std::string(200, '\xFF'));
      wait_for_the_end(socket, connected);
    }
  }

 private:
  bool wait_for(const net::TcpSocket& socket, net::Interest interest) {
    std::array waiting{net::Waiting{.fd = socket.fd(), .interest = interest}};
    return world_.network.wait(waiting, std::chrono::nanoseconds(60s));
  }

  void write(net::TcpSocket& socket, const std::string& text) {
    for (Bytes rest = wire_bytes(text); !rest.empty();) {
      const net::IoResult result = socket.write_some(rest);
      if (result.is_ok()) {
        rest = rest.subspan(result.bytes);
      } else if (!result.would_block() || !wait_for(socket, net::Interest::write)) {
        return;
      }
    }
  }

  /// Reads until the server has ended the connection, which it has to do in time.
  void wait_for_the_end(net::TcpSocket& socket, TimePoint connected) {
    std::array<std::byte, 4096> buffer{};
    while (true) {
      const net::IoResult result = socket.read_some(buffer);
      const bool is_over = !result.is_ok() && !result.would_block();
      if (is_over || (result.would_block() && !wait_for(socket, net::Interest::read))) break;
    }
    const net::SimulatedPath& path = world_.plan.clients[index_].paths[0];
    const bool is_exact = world_.plan.clients[index_].kind == ClientKind::says_nothing &&
                          path.up.loss == 0 && path.down.loss == 0 && !path.up.silent_after &&
                          !path.down.silent_after && !path.down.stall_after;
    const auto time = world_.network.now() - connected;
    world_.check(!is_exact || time < 10s + 300ms, index_,
                 "the handshake time-out came after " + std::to_string(time / 1ms) + " ms");
  }

  WorldState& world_;
  std::size_t index_;
};

}  // namespace

void start_blocking(WorldState& world, std::size_t i) {
  world.network.start("blocking " + std::to_string(i), [&world, i] {
    int echoes = 0;
    std::string told;
    try {
      talk(world, i, echoes);
    } catch (const WebSocketException& error) {
      told = error.what();
    }
    const ClientPlan& client = world.plan.clients[i];
    world.check(told.empty() == (echoes == client.messages) || !told.empty(), i,
                "messages are missing and nothing was thrown");
    if (client.is_healthy() && world.plan.closes_after == 0) {
      world.check(told.empty(), i, "a healthy client was told: " + told);
    }
    world.note(static_cast<std::uint64_t>(echoes));
    --world.clients_left;
  });
}

void start_sick(WorldState& world, std::size_t i) {
  world.network.start("sick peer " + std::to_string(i), [&world, i] {
    SickPeer(world, i).run();
    --world.clients_left;
  });
}

}  // namespace wirespan::test
