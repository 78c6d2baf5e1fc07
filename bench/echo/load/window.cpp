// window.cpp - reads the totals and prints their difference as one line of JSON.
#include "window.hpp"

#include <cstdio>
#include <stdexcept>

#include "process.hpp"

namespace wirespan::bench {

Totals totals_now(::pid_t server, std::uint64_t messages) {
  return {
      .time = now(), .server_cpu = cpu_time(server), .own_cpu = cpu_time(0), .messages = messages};
}

void print_window(const Totals& start, const Totals& end, const Histogram& latency, double bytes) {
  const auto messages = static_cast<double>(end.messages - start.messages);
  if (messages == 0) throw std::runtime_error("no message came back in time");
  const auto microseconds = [](std::uint64_t from, std::uint64_t to) {
    return static_cast<double>(to - from) / 1000;
  };
  const auto round_trip = [&](double share) { return microseconds(0, latency.quantile(share)); };
  std::printf(
      "{\"messages\": %.0f, \"per_second\": %.1f, \"server_us\": %.4f, \"own_us\": %.4f, "
      "\"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"bytes\": %.1f}\n",
      messages, messages * 1e6 / microseconds(start.time, end.time),
      microseconds(start.server_cpu, end.server_cpu) / messages,
      microseconds(start.own_cpu, end.own_cpu) / messages, round_trip(0.5), round_trip(0.9),
      round_trip(0.99), round_trip(0.999), bytes);
}

}  // namespace wirespan::bench
