// echo_many CONNECTIONS MESSAGES LOOPS: each of CONNECTIONS simultaneous clients gets MESSAGES
// echoes, in order; then stop() closes all of them with 1001 within its deadline.
#include <cstdio>
#include <string>
#include <thread>

#include "processes.hpp"
#include "swarm.hpp"
#include <wirespan/app/websocket_server.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

struct Size {
  std::size_t connections;
  std::size_t messages;
};

std::string message(std::size_t client, std::uint64_t number) {
  return std::to_string(client) + " " + std::to_string(number);
}

/// Runs the clients; tells the number of echoes in order and of clients closed with 1001.
void be_clients(Line& line, Size size) {
  Swarm swarm(static_cast<std::uint16_t>(line.hear()));
  std::size_t done = 0;
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  swarm.on_frame = [&](Swarm::Client& client, unsigned first, std::string_view payload) {
    const bool expected = first == 0x81 && payload == message(client.index, client.count);
    ++(expected ? right : wrong);
    if (++client.count == size.messages) {
      ++done;
    } else {
      swarm.send(client, client_frame(0x81, message(client.index, client.count)));
    }
  };
  swarm.add(size.connections);
  if (!swarm.run_until([&] { return swarm.all_open() || swarm.ended() > 0; }, 120s)) {
    std::printf("only %zu of %zu clients are open\n", swarm.open(), size.connections);
  }
  line.tell(swarm.open());
  for (std::size_t i = 0; i < swarm.size(); ++i) {
    swarm.send(swarm.at(i), client_frame(0x81, message(i, 0)));
  }
  (void)swarm.run_until([&] { return done == size.connections; }, 200s);
  line.tell(right);
  line.tell(wrong);
  (void)swarm.run_until([&] { return swarm.ended() == swarm.size(); }, 100s);
  std::size_t told = 0;
  for (std::size_t i = 0; i < swarm.size(); ++i) told += swarm.at(i).code == 1001;
  line.tell(told);
}

void serve(Line& line, Size size, int loops) {
  ServerOptions options{.threads = loops};
  WebSocketServer server(
      options, {.on_message = [](const ServerConnection& connection, const Message& message) {
        (void)connection.send(message.opcode, message.payload);
      }});
  line.tell(server.listen());
  std::thread running([&] { server.run(); });
  const auto start = LoadClock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(LoadClock::now() - start).count();
  };
  const std::uint64_t open = line.hear();
  const double opened_after = seconds();
  require(open == size.connections, std::to_string(open) + " connections at one time");
  // A client sees its 101 a moment before the loop has counted the connection.
  for (int tries = 0; tries < 500 && server.connection_count() != size.connections; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  require(server.connection_count() == size.connections, "the server counts as many");
  const std::uint64_t right = line.hear();
  const std::uint64_t wrong = line.hear();
  const double echoed_after = seconds();
  require(right == size.connections * size.messages, std::to_string(right) + " messages came back");
  require(wrong == 0, std::to_string(wrong) + " lost or out of order");
  const auto deadline = 60s;
  const auto stop = LoadClock::now();
  server.stop({.deadline = deadline});
  running.join();
  const double stopped = std::chrono::duration<double>(LoadClock::now() - stop).count();
  require(stopped < 60, "stop() took " + std::to_string(stopped) + " s");
  const std::uint64_t told = line.hear();
  require(told == size.connections, std::to_string(told) + " were closed with 1001");
  ServerStats stats = server.stats();
  require(stats.closed == size.connections && stats.closes_by_code[1001] == size.connections,
          "the server has seen as many closing handshakes");
  std::printf("%d loops: open after %.1f s, %.0f messages/s\n", loops, opened_after,
              static_cast<double>(right) / (echoed_after - opened_after));
}

}  // namespace
}  // namespace wirespan::test

int main(int argc, char** argv) {
  using namespace wirespan::test;
  const Size size{.connections = argument(argc, argv, 1, 10'000),
                  .messages = argument(argc, argv, 2, 100)};
  need_descriptors(size.connections + 100);
  Child clients([&](Line& line) { be_clients(line, size); });
  try {
    serve(clients.line(), size, static_cast<int>(argument(argc, argv, 3, 1)));
  } catch (const std::exception& error) {
    require(false, error.what());
    return verdict();
  }
  require(clients.join(), "the clients are content");
  return verdict();
}
