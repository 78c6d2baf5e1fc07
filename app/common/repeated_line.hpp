// repeated_line.hpp - a log line with a rate limit. Private.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string_view>

#include <wirespan/app/log.hpp>
#include <wirespan/core/keep_alive.hpp>

namespace wirespan {

/// Logs an event that a peer or a shortage can repeat without end. The first line is written, then
/// at most one in limits::repeated_line_time, which says how many were left out. Any thread.
class RepeatedLine {
 public:
  /// Writes `line`, or counts it as left out.
  void log(LogLevel level, std::string_view line, TimePoint now) noexcept;

 private:
  /// When the next line may be written; the first one at any time.
  std::atomic<TimePoint::rep> next_{std::numeric_limits<TimePoint::rep>::min()};
  std::atomic<std::uint64_t> left_out_{0};
};

}  // namespace wirespan
