// chat_room.cpp - a chat for browsers on topics: `chat_room PORT`, then open
// http://localhost:PORT/?name=Ada. Prometheus metrics are at /metrics.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "chat_page.hpp"
#include <wirespan/app/server_metrics.hpp>
#include <wirespan/app/websocket_server.hpp>

using wirespan::HttpRequest;
using wirespan::HttpResponse;
using wirespan::PendingRequest;
using wirespan::ServerConnection;
using wirespan::WebSocketServer;

namespace {

/// The name in "/chat?name=Ada%20L": ASCII letters, digits and spaces; other characters are left
/// out.
std::string name_in(std::string_view target) {
  const std::size_t at = target.find("name=");
  std::string name;
  for (const char c : at == std::string_view::npos ? "guest" : target.substr(at + 5, 40)) {
    if (c == '&') break;
    if (c == '%' || c == '+') name += ' ';
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) name += c;
  }
  return name;
}

WebSocketServer* room = nullptr;

HttpResponse serve(const HttpRequest& request) {
  if (request.target == "/metrics") {
    return {.headers = {{"Content-Type", "text/plain; version=0.0.4"}},
            .body = wirespan::prometheus_text(room->stats())};
  }
  if (request.target != "/" && !request.target.starts_with("/?")) return {.status = 404};
  return {.headers = {{"Content-Type", "text/html; charset=utf-8"}}, .body = chat_page};
}

/// Accepts the request; the name becomes the connection's user data.
void enter(PendingRequest request) {
  const std::string name = name_in(request.request().offer.target);
  request.accept({}, name);
}

std::string& name_of(const ServerConnection& connection) {
  return *connection.user_data_as<std::string>();
}

}  // namespace

int main(int argc, char** argv) {
  wirespan::ServerOptions options{.max_message_size = 2000};
  options.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  WebSocketServer server(
      options, {.on_request = enter,
                .on_http = serve,
                .on_open =
                    [&](const ServerConnection& connection) {
                      (void)connection.subscribe("room");
                      (void)server.publish("room", "* " + name_of(connection) + " has come");
                    },
                .on_message =
                    [&](const ServerConnection& connection, const wirespan::Message& message) {
                      (void)server.publish(
                          "room", name_of(connection) + ": " + std::string(message.text()));
                    },
                .on_close =
                    [&](const ServerConnection& connection, wirespan::CloseCode, std::string_view) {
                      (void)server.publish("room", "* " + name_of(connection) + " has left");
                    }});
  room = &server;
  std::printf("http://localhost:%d/\n", server.listen());
  std::fflush(stdout);
  server.run();
}
