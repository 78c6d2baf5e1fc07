// autobahn_client.cpp - runs all cases of an Autobahn fuzzing server: getCaseCount, runCase,
// updateReports.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "compression_flags.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_app.hpp>

namespace {

// Bytes; above the default limit, which is as large as the messages of case 9.1.6.
constexpr std::size_t largest_case = std::size_t{64} << 20;

/// Runs one case: echoes every message until the server closes the connection.
void run_case(const std::string& url, const std::optional<wirespan::DeflateOptions>& compression,
              wirespan::net::Backend backend) {
  wirespan::WebSocketApp app(
      url,
      {.on_message =
           [](wirespan::WebSocketApp& self, const wirespan::Message& message) {
             self.send(message.text(), message.opcode);
           },
       .on_error = [](wirespan::WebSocketApp&, const std::exception&) {}},
      {.max_message_size = largest_case,
       .compression = compression,
       .send_hard_limit = 2 * largest_case,
       .backend = backend});
  app.run_forever();
}

int case_count(const std::string& server) {
  auto socket =
      wirespan::create_connection(server + "/getCaseCount", {.timeout = std::chrono::seconds(10)});
  const int count = std::atoi(socket.recv().data.c_str());
  socket.close();
  return count;
}

void update_reports(const std::string& server, const std::string& agent) {
  auto socket = wirespan::create_connection(server + "/updateReports?agent=" + agent,
                                            {.timeout = std::chrono::seconds(60)});
  socket.close();
}

int run(int argc, char** argv) {
  std::string server = "ws://127.0.0.1:9001";
  std::string agent = "wirespan";
  std::string poller = "epoll";

  CLI::App cli("Runs all cases of an Autobahn fuzzing server.");
  cli.add_option("url", server, "ws: or wss: URL of the fuzzing server")->capture_default_str();
  cli.add_option("--agent", agent, "Name in the reports")->capture_default_str();
  cli.add_option("--poller", poller, "epoll or poll")
      ->check(CLI::IsMember({"epoll", "poll"}))
      ->capture_default_str();
  const CompressionFlags compression(cli);
  CLI11_PARSE(cli, argc, argv);

  using wirespan::net::Backend;
  const auto backend = poller == "poll" ? Backend::poll : Backend::epoll;
  while (server.ends_with('/')) server.pop_back();
  const int count = case_count(server);
  for (int number = 1; number <= count; ++number) {
    std::printf("case %d of %d\n", number, count);
    std::fflush(stdout);
    std::string url = server;
    url.append("/runCase?case=").append(std::to_string(number)).append("&agent=").append(agent);
    run_case(url, compression.options(), backend);
  }
  update_reports(server, agent);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "autobahn_client: %s\n", error.what());
    return 1;
  }
}
