// chaos_options.cpp - parses the command line of chaos_proxy, and resolves the server's name.
#include "chaos_options.hpp"

#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <CLI/CLI.hpp>

#include <wirespan/net/network.hpp>

namespace chaos {
namespace {

using wirespan::net::Endpoint;

/// The values of the command line that become Options after a conversion.
struct Raw {
  std::string listen = "127.0.0.1:0";
  std::string to{};
  std::string direction = "both";
  std::int64_t delay = 0;
  std::int64_t jitter = 0;
  std::int64_t stall = 0;
};

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_port = error == std::errc() && end == text.data() + text.size() && port != 0;
  return is_port ? std::optional(port) : std::nullopt;
}

Endpoint parse_listen(const std::string& text) {
  const auto endpoint = Endpoint::from_text(text);
  if (!endpoint) {
    throw CLI::ValidationError("--listen", "'" + text + "' is no numeric address with a port");
  }
  return *endpoint;
}

/// Returns the addresses of "192.0.2.1:80", "[::1]:80" or "name:80".
std::vector<Endpoint> resolve(const std::string& text) {
  const auto numeric = Endpoint::from_text(text);
  if (numeric && numeric->port() != 0) return {*numeric};
  const std::size_t colon = std::min(text.rfind(':'), text.size());
  const std::string host = text.substr(0, colon);
  const auto port = port_of(std::string_view(text).substr(std::min(colon + 1, text.size())));
  if (host.empty() || !port) throw CLI::ValidationError("--to", "'" + text + "' is no HOST:PORT");
  auto found = wirespan::net::system_network().resolve(host, *port);
  if (!found) throw std::system_error(found.error(), "--to " + text);
  return *std::move(found);
}

void add_addresses(CLI::App& cli, Options& options, Raw& raw) {
  cli.add_option("--listen", raw.listen, "Numeric address and port; port 0 picks a free one")
      ->capture_default_str();
  cli.add_option("--to", raw.to, "HOST:PORT of the server")->required();
  cli.add_option("--count", options.count, "End after this many connections; 0: never")
      ->capture_default_str();
  cli.add_flag("-v,--verbose", options.verbose, "Print a line for each connection that has ended");
}

void add_pace(CLI::App& cli, Faults& faults, Raw& raw) {
  const CLI::Range milliseconds(0, 3'600'000);
  cli.add_option("--delay", raw.delay, "Milliseconds by which all bytes are late")
      ->check(milliseconds);
  cli.add_option("--jitter", raw.jitter, "At most so many milliseconds more, at random")
      ->check(milliseconds);
  cli.add_option("--split", faults.split, "Forward at most this many bytes at a time");
  cli.add_option("--rate", faults.rate, "Forward at most this many bytes a second");
  auto* after = cli.add_option("--stall-after", faults.stall_after,
                               "Pause once, when this many bytes were forwarded");
  auto* stall = cli.add_option("--stall", raw.stall, "Milliseconds of that pause");
  stall->check(milliseconds)->needs(after);
  after->needs(stall);
}

void add_ends(CLI::App& cli, Options& options, Raw& raw) {
  Faults& faults = options.faults;
  cli.add_option("--cut-after", faults.cut_after,
                 "End both streams when this many bytes were forwarded");
  cli.add_option("--reset-after", faults.reset_after, "The same with a reset");
  cli.add_option("--black-hole-after", faults.black_hole_after,
                 "Forward this many bytes and nothing more, and close nothing");
  cli.add_option("--direction", raw.direction, "Direction of all faults: up, down or both")
      ->check(CLI::IsMember({"up", "down", "both"}))
      ->capture_default_str();
  cli.add_option("--sweep", options.sweep,
                 "Add this to the numbers of bytes above with each connection")
      ->capture_default_str();
  cli.add_option("--probability", options.probability, "Share of connections that are hurt")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  cli.add_option("--seed", options.seed, "Of all that is random")->capture_default_str();
}

void apply(const Raw& raw, Options& options) {
  const std::map<std::string, Direction> directions{
      {"up", Direction::up}, {"down", Direction::down}, {"both", Direction::both}};
  options.direction = directions.at(raw.direction);
  options.faults.delay = std::chrono::milliseconds(raw.delay);
  options.faults.jitter = std::chrono::milliseconds(raw.jitter);
  options.faults.stall = std::chrono::milliseconds(raw.stall);
  options.listen = parse_listen(raw.listen);
  options.to = resolve(raw.to);
}

}  // namespace

Faults Options::faults_of(std::size_t number, Direction one) const noexcept {
  if (direction != Direction::both && direction != one) return {};
  Faults hurt = faults;
  for (auto* after :
       {&hurt.cut_after, &hurt.reset_after, &hurt.black_hole_after, &hurt.stall_after}) {
    if (*after) **after += sweep * (number - 1);
  }
  return hurt;
}

std::variant<Options, int> parse_options(int argc, char** argv) {
  Options options;
  Raw raw;
  CLI::App cli("Forwards TCP connections to a server, and hurts them on purpose.", "chaos_proxy");
  add_addresses(cli, options, raw);
  add_pace(cli, options.faults, raw);
  add_ends(cli, options, raw);
  try {
    cli.parse(argc, argv);
    apply(raw, options);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : 2;
  }
  return options;
}

}  // namespace chaos
