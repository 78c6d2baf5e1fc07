// reconnecting.cpp - a client that outlives its server: back-off, a predicate of its own, messages
// kept while there is no connection. `reconnecting URL MESSAGES`.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <wirespan/app/websocket_app.hpp>

using namespace std::chrono_literals;
using wirespan::ConnectionEnd;
using wirespan::WebSocketApp;

namespace {

/// Sends a numbered message every 50 ms, whether there is a connection or not.
void produce(WebSocketApp& app, int messages, const std::stop_token& stop) {
  for (int i = 0; i < messages && !stop.stop_requested(); ++i) {
    try {
      app.send("message " + std::to_string(i));
    } catch (const wirespan::WebSocketException& error) {  // more than down_limit, or the run's end
      std::printf("not kept: %s\n", error.what());
    }
    std::this_thread::sleep_for(50ms);
  }
}

/// The default judgement, and one code of this application on top of it.
bool comes_back(const ConnectionEnd& end) {
  if (end.close_code == wirespan::CloseCode{4000}) return true;  // "load moved to another server"
  return wirespan::reconnects_by_default(end);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string url = argc > 1 ? argv[1] : "ws://127.0.0.1:9001/";
  const int messages = argc > 2 ? std::atoi(argv[2]) : 10;
  int echoes = 0;
  std::jthread producer;
  WebSocketApp app(
      url,
      {.on_open = [](WebSocketApp&) { std::puts("opened"); },
       .on_message =
           [&](WebSocketApp& ws, const wirespan::Message& message) {
             std::printf("received: %s\n", std::string(message.text()).c_str());
             if (++echoes == messages) ws.close();
           },
       .on_error = [](WebSocketApp&,
                      const std::exception& error) { std::printf("error: %s\n", error.what()); }},
      {.while_down = wirespan::WhileDown::keep});

  // The run accepts messages from its first attempt on, so this thread waits for its beginning.
  producer = std::jthread([&](const std::stop_token& stop) {
    while (!app.keep_running() && !stop.stop_requested()) std::this_thread::sleep_for(1ms);
    produce(app, messages, stop);
  });
  const auto result = app.run_forever({.ping_interval = 30s,
                                       .ping_timeout = 10s,
                                       .reconnect = wirespan::ReconnectPolicy{
                                           .delay = 100ms,
                                           .max_delay = 5s,
                                           .give_up_after = 1h,
                                           .should_reconnect = comes_back,
                                       }});
  producer.request_stop();
  producer.join();  // the thread uses the app to its last line
  std::printf("%s\n", result.text().c_str());
  return result.failed() ? 1 : 0;
}
