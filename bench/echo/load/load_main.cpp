// load_main.cpp - echo_load: loads a local server and prints its CPU time, memory and round trips.
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "options.hpp"
#include "scenarios.hpp"

namespace wirespan::bench {
namespace {

int run(int argc, char** argv) {
  LoadOptions options;
  double warm_up = options.warm_up.count();
  double time = options.time.count();
  CLI::App cli("Loads a server on the loopback interface; prints a line of JSON.");
  cli.add_option("scenario", options.scenario, "What to do")
      ->check(CLI::IsMember({"echo", "fan_out", "compressed", "idle", "handshake"}));
  cli.add_option("--port", options.port, "Of the server")->required();
  cli.add_option("--server", options.server, "Process of the server")->required();
  cli.add_flag("--raw", options.raw, "The server knows no WebSocket");
  CLI::Option* const tls = cli.add_flag("--tls", options.tls, "Speak TLS");
  cli.add_flag("--resume", options.resume, "Handshakes over TLS resume a session")->needs(tls);
  cli.add_option("--connections", options.connections, "At the same time");
  cli.add_option("--depth", options.depth, "Messages that are sent, or published, at once");
  cli.add_option("--size", options.size, "Bytes of a payload");
  cli.add_option("--payload", options.payload, "binary, ascii or cjk")
      ->check(CLI::IsMember({"binary", "ascii", "cjk"}));
  cli.add_option("--compression", options.compression, "Context of compressed messages")
      ->check(CLI::IsMember({"none", "stream"}));
  cli.add_option("--rate", options.rate, "Messages a second; 0: as fast as they come back");
  cli.add_option("--warm-up", warm_up, "Seconds that do not count");
  cli.add_option("--time", time, "Seconds that count");
  CLI11_PARSE(cli, argc, argv);

  options.warm_up = std::chrono::duration<double>(warm_up);
  options.time = std::chrono::duration<double>(time);
  if (options.scenario == "echo") run_echo(options);
  if (options.scenario == "fan_out") run_fan_out(options);
  if (options.scenario == "compressed") run_compressed(options);
  if (options.scenario == "idle") run_idle(options);
  if (options.scenario == "handshake") run_handshakes(options);
  return 0;
}

}  // namespace
}  // namespace wirespan::bench

int main(int argc, char** argv) {
  try {
    return wirespan::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "echo_load: %s\n", error.what());
    return 1;
  }
}
