// own_loop.cpp - a server inside the application's own poll() loop, which also reads standard
// input: `own_loop PORT`.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include <wirespan/app/websocket_server.hpp>

namespace {

short events_for(wirespan::net::Interest interest) {
  return static_cast<short>((wirespan::net::wants_read(interest) ? POLLIN : 0) |
                            (wirespan::net::wants_write(interest) ? POLLOUT : 0));
}

int in_milliseconds(std::optional<std::chrono::nanoseconds> time) {
  if (!time) return -1;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(*time).count());
}

/// The application's own input: publishes a line of standard input to all connections. False at the
/// end of the input.
bool read_line(wirespan::WebSocketServer& server) {
  std::string line(1000, '\0');
  const ssize_t size = ::read(STDIN_FILENO, line.data(), line.size());
  if (size <= 0) return false;
  (void)server.publish("lines", std::string_view(line).substr(0, static_cast<std::size_t>(size)));
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  wirespan::ServerOptions options;
  options.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  options.backend = wirespan::net::Backend::poll;  // for_each_fd() works with epoll as well
  wirespan::WebSocketServer server(options,
                                   {.on_open = [](const wirespan::ServerConnection& connection) {
                                     (void)connection.subscribe("lines");
                                   }});
  std::printf("ws://localhost:%d/\n", server.listen());
  std::fflush(stdout);

  bool reading = true;
  bool serving = true;
  while (serving) {
    std::vector<pollfd> waiting{
        {.fd = reading ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0}};
    server.for_each_fd([&](int fd, wirespan::net::Interest interest) {
      waiting.push_back({.fd = fd, .events = events_for(interest), .revents = 0});
    });
    ::poll(waiting.data(), waiting.size(), in_milliseconds(server.next_timeout()));
    if (reading && waiting.front().revents != 0 && !read_line(server)) {
      reading = false;
      server.stop();
    }
    serving = server.run_once(std::chrono::nanoseconds(0));
  }
}
