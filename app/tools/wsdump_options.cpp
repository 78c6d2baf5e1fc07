// wsdump_options.cpp - parses the command line; its first pass undoes the traps of greedy options.
#include "wsdump_options.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/frame.hpp>
#include <wirespan/core/utf8.hpp>

namespace wsdump {
namespace {

using Words = std::vector<std::string>;

/// The values of the command line that become Options after a conversion or a check.
struct Raw {
  std::string proxy{};
  bool binary = false;
  bool hex = false;
  bool insecure = false;
  bool compress = false;
  std::string comma_headers{};
  Words headers{};
  std::optional<std::string> origin{};
  std::optional<int> close_code{};
  std::optional<double> eof_wait{};
  std::optional<double> connect_timeout{};
  std::optional<double> ping_timeout{};
  double ping_interval = 0;
  double reconnect = 0;
};

bool all_of(std::string_view text, bool (*test)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), test);
}

bool is_v(char c) { return c == 'v'; }
bool is_number(std::string_view word) { return all_of(word, wirespan::is_digit); }

/// The level that follows -v or --verbose, as Python reads it: a number, or one more than there are
/// letters v. Nothing for any other word, which is then no level but the URL.
std::optional<std::string> level_of(std::string_view word) {
  if (is_number(word)) return std::string(word.substr(0, 3));
  if (all_of(word, is_v)) return std::to_string(word.size() + 1);
  return std::nullopt;
}

/// Takes "-v 2", "-v2" and "--verbose 2", and writes "--verbose=2". Returns the number of words
/// taken; 0 for anything else.
std::size_t take_level(const Words& words, std::size_t at, Words& to) {
  const std::string& word = words[at];
  const std::string_view attached =
      std::string_view(word).substr(std::min<std::size_t>(2, word.size()));
  if (word.starts_with("-v") && is_number(attached)) {
    to.push_back("--verbose=" + *level_of(attached));
    return 1;
  }
  if ((word != "-v" && word != "--verbose") || at + 1 == words.size()) return 0;
  const auto level = level_of(words[at + 1]);
  if (!level) return 0;
  to.push_back("--verbose=" + *level);
  return 2;
}

/// Takes "-s A B", up to an option or a URL, and writes one "--subprotocols=" for each name.
std::size_t take_subprotocols(const Words& words, std::size_t at, Words& to) {
  if (words[at] != "-s" && words[at] != "--subprotocols") return 0;
  std::size_t end = at + 1;
  for (; end < words.size(); ++end) {
    const std::string& word = words[end];
    if (word.starts_with('-') || word.find("://") != std::string::npos) break;
    to.push_back("--subprotocols=" + word);
  }
  return end - at;
}

/// Rewrites the options whose values are optional or many, so that they do not take the URL.
Words without_traps(const Words& words) {
  Words plain;
  for (std::size_t i = 0; i < words.size();) {
    if (words[i] == "--") {
      plain.insert(plain.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      break;
    }
    std::size_t taken = take_level(words, i, plain);
    if (taken == 0) taken = take_subprotocols(words, i, plain);
    if (taken == 0) {
      plain.push_back(words[i]);
      taken = 1;
    }
    i += taken;
  }
  return plain;
}

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

/// Accepts finite numbers from 0 to a year of seconds.
std::string check_seconds(const std::string& text) {
  constexpr double year = 31'536'000;
  double value = -1;
  const bool is_value = CLI::detail::lexical_cast(text, value) && value >= 0 && value <= year;
  return is_value ? "" : "'" + text + "' is not a number of seconds from 0 to 31536000";
}

void add_sending(CLI::App& cli, Options& options, Raw& raw) {
  cli.add_option("-t,--text", options.text, "Text to send first");
  auto* binary = cli.add_flag("--binary", raw.binary, "Send each line as a binary message");
  cli.add_flag("--hex", raw.hex, "Lines are hexadecimal; print binary messages so")
      ->excludes(binary);
  cli.add_option("--replay", options.replay, "Send what this recording has sent")
      ->check(CLI::ExistingFile);
  cli.add_option("--replay-speed", options.replay_speed, "Times as fast; 0: at once")
      ->check(CLI::Range(0.0, 1e9))
      ->capture_default_str();
  cli.add_flag("--compress", raw.compress, "Offer permessage-deflate");
}

void add_printing(CLI::App& cli, Options& options) {
  cli.add_flag("-r,--raw", options.raw, "Exact output: no prompt, no colour, no banner");
  cli.add_flag("-v,--verbose", options.verbose,
               "With a level: 1 types of messages, 2 handshake and frames on standard error");
  cli.add_flag("--timings", options.timings, "Print the seconds since the start");
  cli.add_flag("--fragments", options.app.fire_cont_frame,
               "Print the frames of a fragmented message one by one");
  cli.add_flag("--json", options.json, "Print one JSON object for each event");
  cli.add_option("--record", options.record, "Write the session to this file, as JSON lines");
}

void add_ending(CLI::App& cli, Options& options, Raw& raw, const CLI::Validator& seconds) {
  cli.add_option("--eof-wait", raw.eof_wait, "Seconds to receive after the end of input")
      ->check(seconds);
  cli.add_flag("--wait-reply", options.wait_reply,
               "After the end of input wait for as many messages as were sent (10 s)");
  cli.add_option("--max-messages", options.max_messages, "End after this many messages")
      ->check(CLI::PositiveNumber);
  cli.add_option("--close-code", raw.close_code, "Code of the Close frame (1000)");
  cli.add_option("--close-reason", options.close_reason, "Reason in the Close frame");
}

void add_request(CLI::App& cli, Options& options, Raw& raw) {
  cli.add_option("-s,--subprotocols", options.app.subprotocols, "Subprotocols to offer")
      ->allow_extra_args(false);
  cli.add_option("-o,--origin", raw.origin, "Value of Origin");
  cli.add_option("-H,--header", raw.headers, "Header field, 'Name: value'; repeatable")
      ->allow_extra_args(false);
  cli.add_option("--headers", raw.comma_headers, "Header fields, 'A: 1, B: 2'");
  cli.add_option("--cookie", options.app.cookie, "Value of Cookie");
}

void add_connection(CLI::App& cli, Options& options, Raw& raw, const CLI::Validator& seconds) {
  cli.add_option("-p,--proxy", raw.proxy, "URL of a proxy");
  cli.add_flag("-n,--nocert,--insecure", raw.insecure, "Do not verify the certificate");
  cli.add_option("--ca", options.run.sslopt.ca_certs, "Trusted certificates, PEM")
      ->check(CLI::ExistingFile);
  cli.add_option("--connect-timeout", raw.connect_timeout, "Seconds to connect in (10)")
      ->check(seconds);
  cli.add_option("--ping-interval", raw.ping_interval, "Seconds between keep-alive pings")
      ->check(seconds);
  cli.add_option("--ping-timeout", raw.ping_timeout, "Seconds for the answer to such a ping")
      ->check(seconds);
  cli.add_option("--reconnect", raw.reconnect, "Seconds until the next attempt; 0: never")
      ->check(seconds);
}

/// Python's form of headers: lines separated by commas.
void append_comma_headers(std::string_view text, Words& headers) {
  while (!text.empty()) {
    const std::size_t size = std::min(text.find(','), text.size());
    const std::string_view line = wirespan::trim(text.substr(0, size));
    if (!line.empty()) headers.emplace_back(line);
    text.remove_prefix(std::min(size + 1, text.size()));
  }
}

void set_close(const Raw& raw, Options& options) {
  if (raw.close_code) {
    const auto code = static_cast<wirespan::CloseCode>(*raw.close_code);
    const bool in_range = *raw.close_code >= 1000 && *raw.close_code <= 4999;
    if (!in_range || !wirespan::may_be_on_the_wire(code)) {
      throw CLI::ValidationError("--close-code",
                                 std::to_string(*raw.close_code) + " may not be sent");
    }
    options.close_code = code;
  }
  constexpr std::size_t longest = wirespan::max_control_payload - wirespan::close_code_size;
  if (options.close_reason.size() > longest) {
    throw CLI::ValidationError("--close-reason", "more than 123 bytes");
  }
  if (!wirespan::is_valid_utf8(wirespan::wire_bytes(options.close_reason))) {
    throw CLI::ValidationError("--close-reason", "not UTF-8");
  }
}

void set_connection(const Raw& raw, Options& options) {
  if (raw.connect_timeout) options.app.connect_timeout = milliseconds_of(*raw.connect_timeout);
  options.run.ping_interval = milliseconds_of(raw.ping_interval);
  if (raw.ping_timeout) options.run.ping_timeout = milliseconds_of(*raw.ping_timeout);
  options.run.reconnect = milliseconds_of(raw.reconnect);
  if (raw.insecure) options.run.sslopt.verify = wirespan::tls::Verify::none;
  options.run.proxy_sslopt.ca_certs = options.run.sslopt.ca_certs;
  if (raw.compress) options.app.compression = wirespan::DeflateOptions{};
}

void apply(Raw raw, Options& options) {
  options.run.proxy = raw.proxy;
  set_close(raw, options);
  set_connection(raw, options);
  options.lines = raw.hex ? LineForm::hex : raw.binary ? LineForm::binary : LineForm::text;
  options.run.origin = raw.origin;
  append_comma_headers(raw.comma_headers, raw.headers);
  options.app.header = raw.headers;
  if (raw.eof_wait) options.eof_wait = milliseconds_of(*raw.eof_wait);
  if (options.text && !wirespan::is_valid_utf8(wirespan::wire_bytes(*options.text))) {
    throw CLI::ValidationError("--text", "not UTF-8");
  }
}

}  // namespace

std::variant<Options, int> parse_options(int argc, char** argv) {
  Options options;
  Raw raw;
  const CLI::Validator seconds([](std::string& text) { return check_seconds(text); }, "SECONDS");
  CLI::App cli("Sends lines of standard input over a WebSocket and prints what comes.", "wsdump");
  cli.add_option("ws_url", options.url, "ws: or wss: URL")->required();
  add_sending(cli, options, raw);
  add_printing(cli, options);
  add_ending(cli, options, raw, seconds);
  add_request(cli, options, raw);
  add_connection(cli, options, raw, seconds);
  try {
    Words words = without_traps(Words(argv + 1, argv + argc));
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the end
    cli.parse(std::move(words));
    apply(std::move(raw), options);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? status::normal : status::usage;
  }
  return options;
}

}  // namespace wsdump
