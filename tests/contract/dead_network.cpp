// dead_network.cpp - dead_network CLIENT PHASE URL opens a connection with CLIENT (app or blocking)
// and default options, sends every 100 ms if PHASE is "sending", else waits for messages, and
// prints the error that ends it.
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_app.hpp>

namespace {

using namespace std::chrono_literals;

void tell(const std::string& text) {
  std::printf("told: %s\n", text.c_str());
  std::fflush(stdout);
}

void block(const std::string& url, bool sends) {
  try {
    wirespan::WebSocket ws = wirespan::create_connection(url);
    while (sends) {
      ws.send("still here");
      std::this_thread::sleep_for(100ms);
    }
    while (true) (void)ws.recv();
  } catch (const std::exception& error) {
    tell(error.what());
  }
}

void run(const std::string& url, bool sends) {
  wirespan::WebSocketApp app(url);
  app.handlers().on_error = [](wirespan::WebSocketApp&, const std::exception& error) {
    tell(error.what());
  };
  std::jthread sender([&](const std::stop_token& stop) {
    while (sends && !stop.stop_requested()) {
      try {
        if (app.ready()) app.send("still here");
      } catch (const std::exception&) {
        return;  // on_error tells the cause
      }
      std::this_thread::sleep_for(100ms);
    }
  });
  (void)app.run_forever();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("dead_network CLIENT PHASE URL\n", stderr);
    return 2;
  }
  const bool sends = std::string(argv[2]) == "sending";
  std::string(argv[1]) == "app" ? run(argv[3], sends) : block(argv[3], sends);
  return 0;
}
