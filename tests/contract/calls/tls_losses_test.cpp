// tls_losses_test.cpp - the balance of both ends of a connection over TLS, whose records the kernel
// may have taken in part.
#ifdef WIRESPAN_TEST_TLS
#include <functional>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "contract/calls/account.hpp"
#include "support/certificates.hpp"
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/net/simulated_network.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

class TlsLossWorld;

struct TlsLoss {
  const char* name;
  std::function<void(TlsLossWorld&)> end;
  std::size_t app_extra = 0;     // bytes of a Close frame of the app
  std::size_t server_extra = 0;  // and of the server
  bool app_loses = true;
  bool server_loses = true;
};
void PrintTo(const TlsLoss& row, std::ostream* out) { *out << row.name; }

/// An app and a server that have sent each other more than both read.
class TlsLossWorld {
 public:
  explicit TlsLossWorld(const TlsLoss& row) : row_(row) {
    network.set_path([](const net::Endpoint&) {
      net::SimulatedPath path;
      path.up.buffer = path.down.buffer = 5'000;
      path.up.most_per_write = path.down.most_per_write = 1'500;
      return path;
    });
    server.emplace(server_options(), server_handlers());
    const auto port = server->listen();
    app.emplace("wss://127.0.0.1:" + std::to_string(port) + "/", app_handlers(),
                AppOptions{.network = &network});
    network.start("server", [this] { server->run(); });
    network.start("app", [this] { result = app->run_forever(run_options()); });
    network.start("director", [this] { direct(); });
    if (!network.run()) throw std::runtime_error("the simulation is stuck");
    stats = server->stats();
  }

  net::SimulatedNetwork network{7};
  std::optional<WebSocketServer> server;
  std::optional<WebSocketApp> app;
  std::optional<ServerConnection> connection;
  RunResult result;
  ServerStats stats;
  std::size_t app_accepted = 0;
  std::size_t server_accepted = 0;
  std::size_t app_got = 0;
  std::size_t server_got = 0;
  std::size_t server_lost = 0;

  void read_on() {
    app->resume();
    (void)connection->resume();
  }

 private:
  ServerOptions server_options() {
    ServerOptions options;
    options.network = &network;
    options.hold_reading = false;
    const CertificateFiles files = certificate();
    options.tls.emplace();
    options.tls->certificate_file = files.certificate;
    options.tls->key_file = files.key;
    return options;
  }
  static RunOptions run_options() {
    RunOptions options;
    options.proxy_from_environment = false;
    options.sslopt.ca_certs = authority_file();
    options.sslopt.check_hostname = false;
    return options;
  }
  ServerHandlers server_handlers() {
    ServerHandlers handlers;
    handlers.on_open = [this](const ServerConnection& self) {
      connection = self;
      (void)self.pause();
    };
    handlers.on_message = [this](const ServerConnection&, const Message&) { ++server_got; };
    handlers.on_close = [this](const ServerConnection& self, CloseCode, std::string_view) {
      server_lost = self.buffered_amount();
    };
    return handlers;
  }
  AppHandlers app_handlers() {
    return {.on_open = [](WebSocketApp& self) { self.pause(); },
            .on_message = [this](WebSocketApp&, const Message&) { ++app_got; },
            .on_error = [](WebSocketApp&, const std::exception&) {}};
  }

  void direct() {
    (void)network.wait_until([this] { return app->ready() && connection; }, 10s);
    for (int i = 0; i < 3 * messages_each; ++i) {
      const std::string text(message_size, 'm');
      if (app->handle().send(text).accepted()) ++app_accepted;
      if (connection->send_text(text).accepted()) ++server_accepted;
    }
    network.sleep_for(1s);
    row_.end(*this);
    network.sleep_for(20s);
    app->close();
    server->stop({.deadline = 1s});
  }

  const TlsLoss& row_;
};

constexpr std::size_t of_app = message_size + 8;
constexpr std::size_t of_server = message_size + 4;

class TlsLosses : public ::testing::TestWithParam<TlsLoss> {};
INSTANTIATE_TEST_SUITE_P(
    Table, TlsLosses,
    ::testing::Values(
        TlsLoss{"reset", [](TlsLossWorld& world) { world.network.reset_connections(); }},
        TlsLoss{"abort", [](TlsLossWorld& world) { (void)world.connection->abort(); }},
        TlsLoss{"close_timeout",
                [](TlsLossWorld& world) { world.app->close(STATUS_NORMAL, "", 1s); }, 8, 0, true,
                false},  // the app reads on
        TlsLoss{"none",
                [](TlsLossWorld& world) {
                  world.read_on();
                  world.network.sleep_for(10s);
                },
                8, 4, false, false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_P(TlsLosses, every_accepted_byte_is_written_or_told_at_both_ends) {
  const TlsLoss& row = GetParam();
  const TlsLossWorld world(row);
  EXPECT_EQ(world.app_accepted, 3U * messages_each);
  EXPECT_EQ(world.server_accepted, 3U * messages_each);
  EXPECT_EQ(world.app->metrics().bytes_out + world.result.unsent_bytes,
            world.app_accepted * of_app + row.app_extra);
  EXPECT_EQ(world.stats.bytes_out + world.server_lost,
            world.server_accepted * of_server + row.server_extra);
  EXPECT_EQ(world.stats.unsent_at_close, world.server_lost);
  EXPECT_EQ(world.result.unsent_bytes > 0, row.app_loses);
  EXPECT_EQ(world.server_lost > 0, row.server_loses);
  EXPECT_LE(world.server_got * of_app, world.app->metrics().bytes_out);
  EXPECT_LE(world.app_got * of_server, world.stats.bytes_out);
  if (!row.app_loses) {
    EXPECT_EQ(world.server_got, world.app_accepted);
    EXPECT_EQ(world.app_got, world.server_accepted);
  }
}

}  // namespace
}  // namespace wirespan::test
#endif
