// app_client.cpp - benchmark client with wirespan's WebSocketApp:
// `app_client PORT SIZE DEPTH SECONDS [busy]`.
#include <chrono>
#include <cstdio>
#include <exception>

#include "client_run.hpp"
#include <wirespan/app/websocket_app.hpp>

namespace {

class Client final : public wirespan::WebSocketApp {
 public:
  explicit Client(wirespan::bench::ClientRun& run)
      : WebSocketApp(run.url(), {}, {.busy_poll = std::chrono::seconds(run.busy() ? 1 : 0)}),
        run_(run) {}

 private:
  void on_open() override { send_batch(); }
  void on_message(const wirespan::Message& message) override {
    run_.check(message.payload.data(), message.payload.size());
    if (--awaited_ > 0) return;
    if (run_.end_batch()) {
      send_batch();
    } else {
      close();
    }
  }
  void on_error(const std::exception& error) override {
    std::fprintf(stderr, "app_client: %s\n", error.what());
  }

  void send_batch() {
    run_.begin_batch();
    awaited_ = run_.depth();
    for (std::size_t i = 0; i < run_.depth(); ++i) {
      send(run_.payload(), wirespan::Opcode::binary);
    }
  }

  wirespan::bench::ClientRun& run_;
  std::size_t awaited_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  wirespan::bench::ClientRun run(argc, argv);
  Client client(run);
  return client.run_forever().failed() ? 1 : 0;
}
