// wirespan_fan_out.cpp - wirespan's fan-out server: a client subscribes by connecting, and a client
// that sends "publish COUNT SIZE" has COUNT messages published to all. `wirespan_fan_out PORT
// [compressed_fan_out]`; with it each message is published as it comes, compressed without context.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "../published.hpp"
#include <wirespan/app/websocket_server.hpp>

namespace {

constexpr std::string_view topic = "all";

int serve(std::uint16_t port, bool compressed) {
  const fan_out::Messages messages;
  wirespan::WebSocketServer* running = nullptr;
  wirespan::ServerHandlers handlers;
  handlers.on_open = [](const wirespan::ServerConnection& connection) {
    (void)connection.subscribe(topic);
  };
  handlers.on_message = [&](const wirespan::ServerConnection&, const wirespan::Message& message) {
    if (compressed) {
      (void)running->publish_binary(topic, message.payload);
      return;
    }
    fan_out::Order order;
    if (!fan_out::parse(std::string(message.text()), order)) return;
    for (std::size_t i = 0; i < order.count; ++i) {
      const std::string_view payload(messages.at(i), order.size);
      (void)running->publish_binary(topic, wirespan::wire_bytes(payload));
    }
  };
  wirespan::ServerOptions options{.port = port};
  if (compressed) options.compression = wirespan::DeflateOptions{};
  wirespan::WebSocketServer server(options, handlers);
  running = &server;
  (void)server.listen();
  server.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) return 2;
  try {
    return serve(static_cast<std::uint16_t>(std::atoi(argv[1])), argc == 3);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wirespan_fan_out: %s\n", error.what());
    return 1;
  }
}
