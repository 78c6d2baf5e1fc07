// ctrl_c.cpp - a connection that Ctrl+C ends by a closing handshake, and a second Ctrl+C at once.
// `ctrl_c URL`.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include <unistd.h>

#include <wirespan/app/websocket_app.hpp>

using wirespan::CloseCode;
using wirespan::WebSocketApp;

namespace {

/// Waits for SIGINT and SIGTERM: the first one stops the run, a second one ends the program.
void wait_for_signals(const sigset_t& signals, std::stop_source& stop,
                      const std::atomic<bool>& is_over) {
  int signal = 0;
  while (::sigwait(&signals, &signal) == 0 && !is_over) {
    if (!stop.request_stop()) ::_exit(128 + signal);
  }
}

void tell(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string url = argc > 1 ? argv[1] : "ws://127.0.0.1:9001/";

  // Before the first thread starts: all inherit the mask, so that only sigwait() takes the signals.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  std::stop_source stop;
  std::atomic<bool> is_over = false;
  std::thread waiter([&] { wait_for_signals(signals, stop, is_over); });

  WebSocketApp app(
      url,
      {.on_open = [](WebSocketApp&) { tell("opened"); },
       .on_error = [](WebSocketApp&,
                      const std::exception& error) { tell(std::string("error: ") + error.what()); },
       .on_close =
           [](WebSocketApp&, std::optional<CloseCode> code, std::string_view) {
             tell("closed: " + (code ? std::to_string(static_cast<int>(*code)) : "none"));
           }});
  const auto result = app.run_forever({.reconnect = std::chrono::seconds(2)}, stop.get_token());

  is_over = true;
  ::pthread_kill(waiter.native_handle(), SIGINT);  // it may still wait
  waiter.join();
  tell(result.text());
  return result.failed() ? 1 : 0;
}
