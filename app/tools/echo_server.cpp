// echo_server.cpp - echoes every message; ends on SIGINT and SIGTERM.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "compression_flags.hpp"
#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/websocket_server.hpp>

namespace {

wirespan::WebSocketServer* running = nullptr;

void on_signal(int) { running->stop_from_signal(); }

void stop_on_signals(wirespan::WebSocketServer& server) {
  running = &server;
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

std::string url_host(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

int serve(const wirespan::ServerOptions& options) {
  wirespan::WebSocketServer server(
      options, {.on_message = [](const wirespan::ServerConnection& connection,
                                 const wirespan::Message& message) {
        if (connection.send(message.opcode, message.payload).failed()) {
          (void)connection.close(wirespan::CloseCode::policy_violation, "too slow");
        }
      }});
  const auto port = server.listen();
  stop_on_signals(server);
  std::printf("listening on %s://%s:%u/\n", options.tls ? "wss" : "ws",
              url_host(options.address).c_str(), static_cast<unsigned>(port));
  std::fflush(stdout);
  server.run();
  return 0;
}

int run(int argc, char** argv) {
  // Any origin: an echo server has nothing to protect from a foreign page.
  wirespan::ServerOptions options{.origins = {.allow_any = true}};
  wirespan::tls::ServerOptions tls;
  bool use_tls = false;
  std::string poller = "epoll";
  std::int64_t busy_poll = 0;

  CLI::App cli("Echoes text as text and binary as binary.");
  cli.add_option("--host", options.address, "Numeric address to listen on")->capture_default_str();
  cli.add_option("--port", options.port, "Port; 0 picks a free one")->capture_default_str();
  auto* tls_flag = cli.add_flag("--tls", use_tls, "Serve wss:");
  cli.add_option("--certificate", tls.certificate_file, "Certificate chain, PEM")->needs(tls_flag);
  cli.add_option("--key", tls.key_file, "Private key, PEM")->needs(tls_flag);
  cli.add_option("--poller", poller, "epoll or poll")
      ->check(CLI::IsMember({"epoll", "poll"}))
      ->capture_default_str();
  cli.add_option("--threads", options.threads, "Loops, each on a thread of its own")
      ->check(CLI::Range(1, 255))
      ->capture_default_str();
  cli.add_option("--max-message-size", options.max_message_size,
                 "Bytes; larger ones fail with 1009")
      ->capture_default_str();
  cli.add_option("--max-fragments", options.max_message_fragments,
                 "Frames of a message; more fail with 1008")
      ->capture_default_str();
  cli.add_option("--busy-poll", busy_poll, "Microseconds of looking for input before a loop sleeps")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  const CompressionFlags compression(cli);
  CLI11_PARSE(cli, argc, argv);

  if (use_tls) options.tls = tls;
  options.compression = compression.options();
  options.busy_poll = std::chrono::microseconds(busy_poll);
  options.backend = poller == "poll" ? wirespan::net::Backend::poll : wirespan::net::Backend::epoll;
  return serve(options);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "echo_server: %s\n", error.what());
    return 1;
  }
}
