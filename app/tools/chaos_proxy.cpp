// chaos_proxy.cpp - a TCP proxy that delays, splits, cuts and resets connections, for tests. See
// app/guide/chaos_proxy.md.
#include <csignal>
#include <cstdio>
#include <exception>
#include <variant>

#include "chaos_listener.hpp"
#include "chaos_options.hpp"
#include <wirespan/net/event_loop.hpp>

namespace {

wirespan::net::EventLoop* running = nullptr;

void on_signal(int) { running->stop(); }

void stop_on_signals(wirespan::net::EventLoop& loop) {
  running = &loop;
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

int run(const chaos::Options& options) {
  wirespan::net::EventLoop loop;
  const chaos::Listener listener(loop, options);
  stop_on_signals(loop);
  std::printf("listening on %s\n", listener.local().to_string().c_str());
  std::fflush(stdout);
  loop.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto parsed = chaos::parse_options(argc, argv);
    if (const int* status = std::get_if<int>(&parsed)) return *status;
    return run(std::get<chaos::Options>(parsed));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chaos_proxy: %s\n", error.what());
    return 1;
  }
}
