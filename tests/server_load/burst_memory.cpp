// burst_memory: another thread sends 300 MB to a client that reads late. Within seconds after the
// client has read all, the server's resident memory is as before the burst.
#include <atomic>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include "processes.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_server.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t burst = 300'000'000;
constexpr std::size_t message_size = 1024;
/// Bytes allowed above the resident memory before the burst: buffers of the loop and of the C
/// library.
constexpr std::size_t allowance = std::size_t{40} << 20;

void read_late(Line& line) {
  const auto port = static_cast<std::uint16_t>(line.hear());
  WebSocket client =
      create_connection("ws://127.0.0.1:" + std::to_string(port) + "/", {.timeout = 60s});
  line.tell(0);
  (void)line.hear();
  for (std::size_t taken = 0; taken < burst; taken += message_size) (void)client.recv_view();
  line.tell(0);
  (void)line.hear();
  client.close();
}

void measure(Line& line) {
  ServerConnection connection;
  std::atomic<bool> open{false};
  WebSocketServer server({.send_hard_limit = 2 * burst, .loop_send_budget = 2 * burst},
                         {.on_open = [&](const ServerConnection& opened) {
                           connection = opened;
                           open = true;
                         }});
  line.tell(server.listen());
  std::thread running([&] { server.run(); });
  (void)line.hear();
  while (!open) std::this_thread::sleep_for(1ms);
  const std::size_t before = resident_bytes();
  const std::string message(message_size, 'b');
  for (std::size_t sent = 0; sent < burst; sent += message_size) {
    if (connection.send_text(message).failed()) throw std::runtime_error("the burst is refused");
  }
  const std::size_t full = resident_bytes();
  line.tell(0);
  (void)line.hear();
  std::size_t after = resident_bytes();
  for (int tenths = 0; tenths < 50 && after > before + allowance; ++tenths) {
    std::this_thread::sleep_for(100ms);
    after = resident_bytes();
  }
  std::printf("resident: %zu MiB before, %zu with the burst, %zu after it\n", before >> 20,
              full >> 20, after >> 20);
  require(full > before + burst / 2, "the burst was held");
  require(after <= before + allowance, "the memory of the burst is given back");
  line.tell(0);
  server.stop({.deadline = 5s});
  running.join();
}

}  // namespace
}  // namespace wirespan::test

int main() {
  using namespace wirespan::test;
  Child client(read_late);
  try {
    measure(client.line());
  } catch (const std::exception& error) {
    require(false, error.what());
    return verdict();
  }
  require(client.join(), "the client has read everything");
  return verdict();
}
