// repeated_line.cpp - rate limit of one log line, without a lock.
#include <chrono>
#include <string>

#include <wirespan/app/common/repeated_line.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {

void RepeatedLine::log(LogLevel level, std::string_view line, TimePoint now) noexcept {
  auto next = next_.load();
  const auto after = (now + limits::repeated_line_time).time_since_epoch().count();
  // Of several threads at once one wins the compare-exchange and logs; the others count their line
  // as left out.
  const bool due = now.time_since_epoch().count() >= next;
  if (!due || !next_.compare_exchange_strong(next, after)) {
    left_out_.fetch_add(1);
    return;
  }
  const std::uint64_t left_out = left_out_.exchange(0);
  if (left_out == 0) return wirespan::log(level, line);
  try {
    wirespan::log(level,
                  std::string(line) + " (and " + std::to_string(left_out) + " times before)");
  } catch (...) {
    wirespan::log(level, line);
  }
}

}  // namespace wirespan
