// wsbench_report.cpp - results as text and as JSON.
#include "wsbench_report.hpp"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>

namespace wsbench {
namespace {

/// The result of printf().
[[gnu::format(printf, 1, 2)]] std::string formatted(const char* format, ...) {
  std::array<char, 256> room{};
  va_list values;
  va_start(values, format);
  (void)std::vsnprintf(room.data(), room.size(), format, values);
  va_end(values);
  return room.data();
}

/// "1,234,567".
std::string grouped(double value) {
  std::string digits = formatted("%.0f", value);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string in_json(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20
                  ? formatted("\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)))
                  : std::string(1, c);
  }
  return quoted + '"';
}

std::string times_in_json(const Histogram& times) {
  const auto seconds = [](std::uint64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e9;
  };
  return formatted(R"({"count":%llu,"p50":%.9g,"p90":%.9g,"p99":%.9g,"p999":%.9g,"max":%.9g})",
                   static_cast<unsigned long long>(times.total()), seconds(times.quantile(0.5)),
                   seconds(times.quantile(0.9)), seconds(times.quantile(0.99)),
                   seconds(times.quantile(0.999)), seconds(times.longest()));
}

std::string line_of(const char* name, const Histogram& times) {
  if (times.total() == 0) return {};
  return formatted("%-12s p50 %s   p90 %s   p99 %s   p99.9 %s   longest %s\n", name,
                   time_text(times.quantile(0.5)).c_str(), time_text(times.quantile(0.9)).c_str(),
                   time_text(times.quantile(0.99)).c_str(),
                   time_text(times.quantile(0.999)).c_str(), time_text(times.longest()).c_str());
}

double per_second(double count, const Results& results) {
  return results.seconds > 0 ? count / results.seconds : 0;
}

std::string flaws_of(const Results& results) {
  std::string text;
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count > 0) text += grouped(static_cast<double>(count)) + what;
  };
  add(results.not_connected, " not connected  ");
  add(results.lost, " lost  ");
  add(results.wrong, " wrong answers  ");
  add(results.unanswered, " unanswered  ");
  if (!results.error.empty()) text += "\n" + std::string(13, ' ') + results.error;
  return text.empty() ? text : "failures     " + text + "\n";
}

}  // namespace

std::string time_text(std::uint64_t nanoseconds) {
  static constexpr std::array<const char*, 4> units{"ns", "us", "ms", "s"};
  auto value = static_cast<double>(nanoseconds);
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < units.size(); ++unit) value /= 1000;
  return formatted("%.3g ", value) + units[unit];
}

bool was_the_slowest(const Options& options, const Results& results) {
  return !options.open_loop() && results.own_cpu > 0.9;
}

std::string text_of(const Options& options, const Results& results) {
  std::string text =
      formatted("connections  %s open%s\n", grouped(static_cast<double>(results.opened)).c_str(),
                results.compressed ? ", compressed" : "");
  const auto messages = static_cast<double>(results.messages);
  if (options.mode == Mode::connect) {
    text = formatted("handshakes   %s a second\n", grouped(per_second(messages, results)).c_str());
  } else {
    text += formatted("messages     %s a second, %.4g MB/s of payload; %s in %.4g s\n",
                      grouped(per_second(messages, results)).c_str(),
                      per_second(static_cast<double>(results.bytes), results) / 1e6,
                      grouped(messages).c_str(), results.seconds);
  }
  text += line_of("round trip", results.round_trips);
  text += line_of("handshake", results.handshakes);
  text += flaws_of(results);
  if (was_the_slowest(options, results)) {
    text += "wsbench was busy all the time: these may be its own limits (--threads)\n";
  }
  return text;
}

std::string json_of(const Options& options, const Results& results) {
  std::string json = "{\"url\":" + in_json(options.url) + ",\"mode\":\"" + name_of(options.mode);
  json += formatted(
      R"(","connections":%zu,"threads":%zu,"depth":%zu,"rate":%.9g,"size":%zu,"binary":%s,)",
      options.connections, options.threads, options.depth, options.rate, options.size,
      options.binary ? "true" : "false");
  json +=
      formatted(R"("compressed":%s,"seconds":%.9g,"messages":%llu,"per_second":%.9g,"bytes":%llu,)",
                results.compressed ? "true" : "false", results.seconds,
                static_cast<unsigned long long>(results.messages),
                per_second(static_cast<double>(results.messages), results),
                static_cast<unsigned long long>(results.bytes));
  json += "\"round_trip\":" + times_in_json(results.round_trips);
  json += ",\"handshake\":" + times_in_json(results.handshakes);
  json += formatted(R"(,"not_connected":%llu,"lost":%llu,"wrong":%llu,"unanswered":%llu,)",
                    static_cast<unsigned long long>(results.not_connected),
                    static_cast<unsigned long long>(results.lost),
                    static_cast<unsigned long long>(results.wrong),
                    static_cast<unsigned long long>(results.unanswered));
  return json + "\"error\":" + in_json(results.error) +
         formatted(",\"own_cpu\":%.3g}\n", results.own_cpu);
}

}  // namespace wsbench
