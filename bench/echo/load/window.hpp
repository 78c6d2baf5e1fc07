// window.hpp - the measured window: totals at its two ends, and their difference as JSON.
#pragma once

#include <cstdint>

#include <sys/types.h>

#include "histogram.hpp"

namespace wirespan::bench {

/// Totals up to a moment; times in nanoseconds.
struct Totals {
  std::uint64_t time = 0;
  std::uint64_t server_cpu = 0;
  std::uint64_t own_cpu = 0;
  std::uint64_t messages = 0;
};

[[nodiscard]] Totals totals_now(::pid_t server, std::uint64_t messages);

/// Prints one line of JSON: messages, their rate, CPU time per message, round trips, and the
/// `bytes` on the wire for each message. Throws if no message was counted.
void print_window(const Totals& start, const Totals& end, const Histogram& latency,
                  double bytes = 0);

}  // namespace wirespan::bench
