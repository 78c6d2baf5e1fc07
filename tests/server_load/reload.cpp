// reload CONNECTIONS TIMES: the certificate is replaced TIMES times while CONNECTIONS clients of
// TLS talk without a pause. None of them is lost, and each new client is shown the new certificate.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

#include "processes.hpp"
#include "support/tls_link.hpp"
#include "swarm.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_server.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

std::string text(std::size_t client, std::uint64_t number) {
  return std::to_string(client) + " " + std::to_string(number);
}

/// Runs the clients until the server closes them. Tells the number of those that are open; at the
/// end, of echoes in order, of wrong ones, and of clients that were closed with 1001.
void be_clients(Line& line, std::size_t count) {
  const auto port = static_cast<std::uint16_t>(line.hear());
  const tls::Context context = *tls::Context::for_client({.verify = tls::Verify::none});
  Swarm swarm(port, &context);
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  const auto say = [&](Swarm::Client& client) {
    swarm.send(client, client_frame(0x81, text(client.index, client.count)));
  };
  swarm.on_frame = [&](Swarm::Client& client, unsigned first, std::string_view payload) {
    ++(first == 0x81 && payload == text(client.index, client.count) ? right : wrong);
    ++client.count;
    say(client);
  };
  swarm.add(count);
  (void)swarm.run_until([&] { return swarm.all_open() || swarm.ended() > 0; }, 120s);
  line.tell(swarm.open());
  for (std::size_t i = 0; i < swarm.size(); ++i) say(swarm.at(i));
  (void)swarm.run_until([&] { return swarm.ended() == swarm.size(); }, 200s);
  std::uint64_t told = 0;
  for (std::size_t i = 0; i < swarm.size(); ++i) told += swarm.at(i).code == 1001 ? 1 : 0;
  for (const std::uint64_t number : {right, wrong, told}) line.tell(number);
}

/// True if a new client that trusts this certificate alone gets an echo.
bool is_shown(std::uint16_t port, const std::string& certificate) {
  try {
    WebSocket client = create_connection("wss://127.0.0.1:" + std::to_string(port) + "/",
                                         {.timeout = 20s, .sslopt = {.ca_certs_pem = certificate}});
    client.send("new here");
    const bool echoed = client.recv().data == "new here";
    client.close();
    return echoed;
  } catch (const WebSocketException& error) {
    std::printf("a new client: %s\n", error.what());
    return false;
  }
}

std::array<tls::ServerOptions, 2> two_certificates() {
  const auto options_of = [](const std::string& name) {
    const CertificateFiles files = certificate({.name = name, .self_signed = true});
    return tls::ServerOptions{.certificate_pem = content_of(files.certificate),
                              .key_pem = content_of(files.key)};
  };
  return {options_of("reload-0"), options_of("reload-1")};
}

/// Replaces the certificate again and again, each time with a new client behind it.
void reload(WebSocketServer& server, std::uint16_t port, std::size_t times,
            const std::array<tls::ServerOptions, 2>& certificates) {
  std::size_t shown = 0;
  std::size_t done = 0;
  LoadClock::duration longest{};
  for (std::size_t i = 1; i <= times; ++i) {
    const auto& next = certificates[i % certificates.size()];
    const auto before = LoadClock::now();
    if (!server.reload_certificates(next)) ++done;
    longest = std::max(longest, LoadClock::now() - before);
    if (is_shown(port, next.certificate_pem)) ++shown;
  }
  require(done == times, std::to_string(done) + " reloads");
  require(shown == times, std::to_string(shown) + " new clients were shown the new certificate");
  std::printf("longest call of reload_certificates(): %.1f ms\n",
              std::chrono::duration<double, std::milli>(longest).count());
}

void serve(Line& line, std::size_t count, std::size_t times) {
  const auto certificates = two_certificates();
  WebSocketServer server(
      {.threads = 2, .tls = certificates[0]},
      {.on_message = [](const ServerConnection& connection, const Message& message) {
        (void)connection.send(message.opcode, message.payload);
      }});
  const std::uint16_t port = server.listen();
  line.tell(port);
  std::thread running([&] { server.run(); });
  const std::uint64_t open = line.hear();
  require(open == count, std::to_string(open) + " connections at one time");
  reload(server, port, times, certificates);
  const auto only_swarm = [&] { return server.connection_count() == count; };
  for (int tries = 0; tries < 500 && !only_swarm(); ++tries) std::this_thread::sleep_for(10ms);
  require(only_swarm(), std::to_string(server.connection_count()) + " are still open");
  server.stop({.deadline = 60s});
  running.join();
  const std::uint64_t right = line.hear();
  const std::uint64_t wrong = line.hear();
  const std::uint64_t told = line.hear();
  require(wrong == 0, std::to_string(wrong) + " messages lost or out of order");
  require(right >= 2 * count, std::to_string(right) + " messages came back meanwhile");
  require(told == count, std::to_string(told) + " were closed with 1001");
}

}  // namespace
}  // namespace wirespan::test

int main(int argc, char** argv) {
  using namespace wirespan::test;
  const std::size_t count = argument(argc, argv, 1, 1000);
  need_descriptors(count + 200);
  Child clients([&](Line& line) { be_clients(line, count); });
  try {
    serve(clients.line(), count, argument(argc, argv, 2, 100));
  } catch (const std::exception& error) {
    require(false, error.what());
    return verdict();
  }
  require(clients.join(), "the clients are content");
  return verdict();
}
