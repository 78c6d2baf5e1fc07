// proxied_server.cpp - a server behind proxies on 127.0.0.1, which tells each client who it is.
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include <wirespan/app/websocket_server.hpp>

namespace {

wirespan::WebSocketServer* running = nullptr;

wirespan::ServerHandlers telling() {
  return {.on_request =
              [](wirespan::PendingRequest request) {
                const wirespan::ServerRequest& asked = request.request();
                const std::string by = asked.proxy ? asked.proxy->host() : "nobody";
                request.accept({}, asked.peer.to_string() + " by " + by);
              },
          .on_open =
              [](const wirespan::ServerConnection& connection) {
                (void)connection.send_text(*connection.user_data_as<std::string>());
              },
          .on_message =
              [](const wirespan::ServerConnection& connection, const wirespan::Message& message) {
                (void)connection.send(message.opcode, message.payload);
              }};
}

void serve(wirespan::ServerOptions options) {
  wirespan::WebSocketServer server(std::move(options), telling());
  std::printf("listening on port %u\n", server.listen());
  std::fflush(stdout);
  running = &server;
  std::signal(SIGTERM, [](int) { running->stop_from_signal(); });
  server.run();
  std::signal(SIGTERM, SIG_IGN);
  std::printf("refused %llu\n", static_cast<unsigned long long>(server.stats().refused.proxy));
}

}  // namespace

/// proxied_server protocol|HEADER [CERTIFICATE KEY]: prints its port, and at SIGTERM the number of
/// connections without a PROXY header.
int main(int argc, char** argv) {
  if (argc != 2 && argc != 4) return 2;
  const std::string_view by = argv[1];
  wirespan::ServerOptions options{.proxies = {.trusted = {"127.0.0.1"}}};
  if (by == "protocol") {
    options.proxies.proxy_protocol = true;
  } else {
    options.proxies.header = by;
  }
  if (argc == 4) {
    options.tls = wirespan::tls::ServerOptions{.certificate_file = argv[2], .key_file = argv[3]};
  }
  try {
    serve(std::move(options));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "proxied_server: %s\n", error.what());
    return 1;
  }
}
