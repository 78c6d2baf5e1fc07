// window.hpp - what has been used and done up to a moment, and the line that tells the difference.
#pragma once

#include <cstdint>

#include <sys/types.h>

#include "latency.hpp"

namespace wirespan::bench {

struct Totals {
  std::uint64_t time = 0;
  std::uint64_t server_cpu = 0;
  std::uint64_t own_cpu = 0;
  std::uint64_t messages = 0;
};

[[nodiscard]] Totals totals_now(::pid_t server, std::uint64_t messages);

/// One line of JSON: messages, their rate, what each of them cost, round trips. Throws without
/// messages.
void print_window(const Totals& start, const Totals& end, const Latency& latency);

}  // namespace wirespan::bench
