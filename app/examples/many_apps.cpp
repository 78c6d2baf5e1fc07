// many_apps.cpp - many connections on one thread: many_apps ws://HOST:PORT/ [COUNT]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <wirespan/app/websocket_app.hpp>
#include <wirespan/net/event_loop.hpp>

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: many_apps ws://HOST:PORT/ [COUNT]\n");
    return 2;
  }
  const std::size_t count = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100;

  wirespan::net::EventLoop loop;
  std::vector<std::unique_ptr<wirespan::WebSocketApp>> apps;
  std::size_t answers = 0;
  std::size_t running = 0;

  // Handlers and the last call run on this thread, one at a time: the counters need no lock.
  const wirespan::AppHandlers handlers{
      .on_open = [](wirespan::WebSocketApp& app) { app.send("hello"); },
      .on_message =
          [&](wirespan::WebSocketApp& app, const wirespan::Message&) {
            ++answers;
            app.close();
          }};
  const auto ended = [&](wirespan::WebSocketApp&, const wirespan::RunResult&) {
    if (--running == 0) loop.stop();
  };

  const wirespan::RunOptions options{.ping_interval = std::chrono::seconds(20),
                                     .ping_timeout = std::chrono::seconds(10),
                                     .reconnect = std::chrono::seconds(1)};
  for (std::size_t i = 0; i < count; ++i) {
    apps.push_back(std::make_unique<wirespan::WebSocketApp>(argv[1], handlers));
    apps.back()->start(loop, options, ended);
    ++running;
  }
  if (running > 0) loop.run();
  std::printf("%zu of %zu apps were answered\n", answers, count);
  return answers == count ? 0 : 1;
}
