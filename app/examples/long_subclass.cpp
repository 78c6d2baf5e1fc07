// long_subclass.cpp - a class derived from WebSocketApp: a thread sends three messages and closes.
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include <wirespan/app/websocket_app.hpp>

class Chatter final : public wirespan::WebSocketApp {
 public:
  using WebSocketApp::WebSocketApp;

  void on_open() override {
    std::puts("opened");
    // The handle never throws: a server that closes early ends the loop below.
    sender_ = std::jthread([app = handle()] {
      for (int i = 0; i < 3; ++i) {
        if (app.send_text("message " + std::to_string(i)).failed()) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      app.close();
    });
  }

  void on_message(const wirespan::Message& message) override {
    std::printf("received: %s\n", std::string(message.text()).c_str());
  }

  void on_error(const std::exception& error) override { std::printf("error: %s\n", error.what()); }

  void on_close(std::optional<wirespan::CloseCode> code, std::string_view reason) override {
    std::printf("closed: %d %s\n", code ? static_cast<int>(*code) : 0, std::string(reason).c_str());
  }

 private:
  std::jthread sender_;
};

int main(int argc, char** argv) {
  Chatter chatter(argc > 1 ? argv[1] : "ws://127.0.0.1:9001/");
  return chatter.run_forever().failed() ? 1 : 0;
}
