// world_server.cpp - the server of a world: echoes, closes, publishes, and judges what it gets.
#include <map>
#include <memory>
#include <string>

#include "simulation/world_state.hpp"
#include <wirespan/app/websocket_server.hpp>
#ifdef WIRESPAN_TEST_TLS
#include "support/certificates.hpp"
#endif

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

/// The server, its thread, the publisher's, and the one that stops it.
class WorldServer {
 public:
  explicit WorldServer(WorldState& world) : world_(world), server_(options(), handlers()) {
    world_.port = server_.listen();
    world_.network.start("server", [this] { server_.run(); });
    world_.network.start("end of the world", [this] { end(); });
    if (world_.plan.published > 0) world_.network.start("publisher", [this] { publish(); });
  }
  ~WorldServer() {
    if (!open_.empty()) world_.report.broken.push_back("on_close did not follow on_open");
  }
  WorldServer(const WorldServer&) = delete;
  WorldServer& operator=(const WorldServer&) = delete;

 private:
  struct Connection {
    int client = -1;
    int messages = 0;
  };

  ServerOptions options() {
    ServerOptions options{.address = "0.0.0.0", .handshake_time = 10s, .idle_time = 20s};
    options.network = &world_.network;
    options.ping_interval = world_.plan.server_ping;
    if (world_.plan.server_ping.count() > 0) options.ping_timeout = 15s;
    options.send_high_watermark = 30'000;
    options.send_low_watermark = 10'000;
    options.send_hard_limit = 300'000;
    // One client that never reads and one that reads slowly may want more than this together.
    options.loop_send_budget = 350'000;
    options.compression.emplace();
#ifdef WIRESPAN_TEST_TLS
    if (world_.plan.tls) {
      const CertificateFiles files = certificate();
      options.tls.emplace();
      options.tls->certificate_file = files.certificate;
      options.tls->key_file = files.key;
    }
#endif
    return options;
  }

  ServerHandlers handlers() {
    return {
        .on_open =
            [this](const ServerConnection& connection) {
              if (!open_.try_emplace(connection.id()).second) broken("on_open came twice");
            },
        .on_message = [this](const ServerConnection& connection,
                             const Message& message) { on_message(connection, message); },
        .on_close =
            [this](const ServerConnection& connection, CloseCode code, std::string_view) {
              if (open_.erase(connection.id()) == 0) broken("on_close without on_open, or twice");
              world_.note(static_cast<std::uint64_t>(code));
            },
        .on_error = [this](const ServerConnection&,
                           const std::exception& error) { broken(error.what()); },
    };
  }

  void on_message(const ServerConnection& connection, const Message& message) {
    const auto found = open_.find(connection.id());
    if (found == open_.end()) return broken("a message outside of its connection");
    const std::string_view text = wire_text(message.payload);
    if (text == "subscribe") return (void)connection.subscribe("news");
    if (text == "more") return flood(connection);
    const int client = judge(text);
    if (client < 0) return;
    const SendResult result = connection.send(message.opcode, message.payload);
    if (result.failed() && world_.plan.clients[static_cast<std::size_t>(client)].is_healthy()) {
      world_.check(result == Errc::not_open, static_cast<std::size_t>(client),
                   "an echo was refused: " + result.error().message());
    }
    if (++found->second.messages == world_.plan.closes_after) {
      (void)connection.close(CloseCode::service_restart, "again");
    }
  }

  /// Returns the client that the message is from, or -1.
  int judge(std::string_view text) {
    const NumberedMessage number = read_message(text);
    const auto client = static_cast<std::size_t>(number.client);
    if (number.client < 0 || client >= world_.last_at_server.size()) {
      broken("a message has changed on its way");
      return -1;
    }
    if (number.number <= world_.last_at_server[client]) {
      world_.broken(client, "message " + std::to_string(number.number) + " came after " +
                                std::to_string(world_.last_at_server[client]));
    }
    world_.last_at_server[client] = number.number;
    ++world_.received_by_server[client];
    world_.note(static_cast<std::uint64_t>(number.number));
    return number.client;
  }

  /// For a client that does not read: as much as the limits let pass.
  static void flood(const ServerConnection& connection) {
    const std::string block(50'000, 'x');
    while (connection.send_text(block).accepted()) {
    }
  }

  void publish() {
    for (int n = 0; n < world_.plan.published; ++n) {
      world_.network.sleep_for(300ms);
      if (server_.publish("news", "news:" + std::to_string(n))) break;
    }
  }

  void end() {
    (void)world_.network.wait_until([this] { return world_.clients_left == 0; });
    server_.stop({.deadline = 5s});
  }

  void broken(const std::string& what) { world_.report.broken.push_back("server: " + what); }

  WorldState& world_;
  std::map<std::uint64_t, Connection> open_;
  WebSocketServer server_;
};

}  // namespace

std::shared_ptr<void> start_server(WorldState& world) {
  return std::make_shared<WorldServer>(world);
}

}  // namespace wirespan::test
