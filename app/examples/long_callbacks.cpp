// long_callbacks.cpp - WebSocketApp with callbacks: a thread sends three messages, then closes.
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include <wirespan/app/websocket_app.hpp>

using namespace std::chrono_literals;
using wirespan::WebSocketApp;

int main(int argc, char** argv) {
  const std::string url = argc > 1 ? argv[1] : "ws://127.0.0.1:9001/";
  std::jthread sender;

  WebSocketApp app(
      url,
      {.on_open =
           [&](WebSocketApp& ws) {
             std::puts("opened");
             // The handle never throws: a server that closes early ends the loop below.
             sender = std::jthread([handle = ws.handle()] {
               for (int i = 0; i < 3; ++i) {
                 std::this_thread::sleep_for(20ms);
                 if (handle.send_text("Hello " + std::to_string(i)).failed()) break;
               }
               std::this_thread::sleep_for(200ms);
               handle.close();
               std::puts("thread terminating...");
             });
           },
       .on_message =
           [](WebSocketApp&, const wirespan::Message& message) {
             std::printf("received: %s\n", std::string(message.text()).c_str());
           },
       .on_error = [](WebSocketApp&,
                      const std::exception& error) { std::printf("error: %s\n", error.what()); },
       .on_close =
           [](WebSocketApp&, std::optional<wirespan::CloseCode> code, std::string_view) {
             std::printf("closed: %d\n", code ? static_cast<int>(*code) : 0);
           }});

  const auto result = app.run_forever({.ping_interval = 30s, .ping_timeout = 10s});
  if (sender.joinable()) sender.join();
  return result.failed() ? 1 : 0;
}
