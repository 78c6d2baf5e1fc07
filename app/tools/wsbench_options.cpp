// wsbench_options.cpp - parses the command line of wsbench.
#include "wsbench_options.hpp"

#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "wsbench_payload.hpp"
#include <wirespan/core/error.hpp>

namespace wsbench {

const char* name_of(Mode mode) noexcept {
  if (mode == Mode::listen) return "listen";
  return mode == Mode::connect ? "connect" : "echo";
}

namespace {

constexpr double year = 31'536'000;

/// The values of the command line that become Options after a conversion.
struct Raw {
  std::string mode = "echo";
  double time = 10;
  double warm_up = 1;
  double connect_timeout = 10;
  std::vector<std::string> headers{};
  std::optional<std::string> origin{};
  std::string proxy{};
  bool insecure = false;
  bool compress = false;
};

std::chrono::nanoseconds duration_of(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

void add_load(CLI::App& cli, Options& options, Raw& raw) {
  cli.add_option("--mode", raw.mode, "What to do")
      ->check(CLI::IsMember({"echo", "listen", "connect"}))
      ->capture_default_str();
  cli.add_option("-c,--connections", options.connections, "Connections at the same time")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->capture_default_str();
  cli.add_option("--ramp", options.ramp, "Connections begun a second; 0: all at once")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  cli.add_option("-t,--threads", options.threads, "Event loops, each on a thread of its own")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  auto* depth = cli.add_option("-d,--depth", options.depth,
                               "Closed loop: messages on their way for each connection")
                    ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
                    ->capture_default_str();
  cli.add_option("-r,--rate", options.rate, "Open loop: messages a second of all connections")
      ->check(CLI::Range(0.001, 1e8))
      ->excludes(depth);
  cli.add_option("-s,--size", options.size, "Bytes of a message")
      ->check(CLI::Range(smallest_payload, wirespan::limits::message_size))
      ->capture_default_str();
  cli.add_flag("--binary", options.binary, "Binary messages; text without it");
  cli.add_option("--time", raw.time, "Seconds that count")
      ->check(CLI::Range(0.001, year))
      ->capture_default_str();
  cli.add_option("--warm-up", raw.warm_up, "Seconds before them that do not")
      ->check(CLI::Range(0.0, year))
      ->capture_default_str();
}

void add_connection(CLI::App& cli, Options& options, Raw& raw) {
  cli.add_flag("--compress", raw.compress, "Offer permessage-deflate");
  cli.add_option("-H,--header", raw.headers, "Header field, 'Name: value'; repeatable")
      ->allow_extra_args(false);
  cli.add_option("--subprotocol", options.app.subprotocols, "Subprotocol to offer; repeatable")
      ->allow_extra_args(false);
  cli.add_option("-o,--origin", raw.origin, "Value of Origin");
  cli.add_option("--cookie", options.app.cookie, "Value of Cookie");
  cli.add_flag("-n,--insecure", raw.insecure, "Do not verify the certificate");
  cli.add_option("--ca", options.run.sslopt.ca_certs, "Trusted certificates, PEM")
      ->check(CLI::ExistingFile);
  cli.add_option("-p,--proxy", raw.proxy, "URL of a proxy");
  cli.add_option("--connect-timeout", raw.connect_timeout, "Seconds to connect in")
      ->check(CLI::Range(0.001, year))
      ->capture_default_str();
}

void add_output(CLI::App& cli, Options& options) {
  cli.add_flag("--json", options.json, "Print one JSON object");
  cli.add_option("--html", options.html, "Write a report with plots to this file");
  cli.add_flag("-q,--quiet", options.quiet, "No line of progress");
}

void apply(const Raw& raw, Options& options) {
  for (const Mode mode : {Mode::listen, Mode::connect}) {
    if (raw.mode == name_of(mode)) options.mode = mode;
  }
  options.time = duration_of(raw.time);
  options.warm_up = duration_of(raw.warm_up);
  options.app.connect_timeout =
      std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(raw.connect_timeout * 1000)));
  options.app.header = raw.headers;
  if (raw.compress) options.app.compression = wirespan::DeflateOptions{};
  options.run.origin = raw.origin;
  options.run.proxy = raw.proxy;
  options.run.proxy_sslopt.ca_certs = options.run.sslopt.ca_certs;
  if (raw.insecure) options.run.sslopt.verify = wirespan::tls::Verify::none;
  options.run.one_connecting_per_address = false;
  if (options.threads > options.connections) options.threads = options.connections;
}

}  // namespace

std::variant<Options, int> parse_options(int argc, char** argv) {
  Options options;
  Raw raw;
  CLI::App cli("Loads a WebSocket server, and tells what it makes of it.", "wsbench");
  cli.add_option("url", options.url, "ws: or wss: URL")->required();
  add_load(cli, options, raw);
  add_connection(cli, options, raw);
  add_output(cli, options);
  try {
    cli.parse(argc, argv);
    apply(raw, options);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? status::good : status::usage;
  }
  return options;
}

}  // namespace wsbench
