// echo_client.cpp - connects and echoes every message until the peer closes the connection.
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "compression_flags.hpp"
#include <wirespan/app/log.hpp>
#include <wirespan/app/websocket_app.hpp>

namespace {

/// Echoes, and keeps the text of the first error.
class EchoClient final : public wirespan::WebSocketApp {
 public:
  using WebSocketApp::WebSocketApp;

  void on_message(const wirespan::Message& message) override {
    send(message.text(), message.opcode);
  }
  void on_error(const std::exception& error) override {
    if (error_.empty()) error_ = error.what();
  }
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  std::string error_;
};

int run(int argc, char** argv) {
  std::string url;
  double timeout = 10;
  bool trace = false;
  wirespan::RunOptions options;

  CLI::App cli("Sends back every message until the peer closes the connection.");
  cli.add_option("url", url, "ws: or wss: URL")->required();
  cli.add_option("--timeout", timeout, "Seconds to connect in")->capture_default_str();
  cli.add_option("--ca", options.sslopt.ca_certs, "Trusted certificates, PEM");
  cli.add_flag("--trace", trace, "Print the handshake and every frame to standard error");
  const CompressionFlags compression(cli);
  CLI11_PARSE(cli, argc, argv);
  wirespan::enable_trace(trace);

  const std::chrono::duration<double> seconds(timeout);
  EchoClient client(
      url, {},
      {.compression = compression.options(),
       .connect_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(seconds)});
  const wirespan::RunResult result = client.run_forever(options);
  if (client.error().empty() && !result.failed()) return 0;
  std::fprintf(stderr, "echo_client: %s\n", client.error().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "echo_client: %s\n", error.what());
    return 1;
  }
}
