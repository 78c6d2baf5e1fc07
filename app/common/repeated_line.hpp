// repeated_line.hpp - a line of the log that must not flood it. Private.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string_view>

#include <wirespan/app/log.hpp>
#include <wirespan/core/keep_alive.hpp>

namespace wirespan {

/// For an event that a peer or a shortage can repeat without end. The first one is logged, then at
/// most one in limits::repeated_line_time, which says how many were left out. Any thread.
class RepeatedLine {
 public:
  void log(LogLevel level, std::string_view line, TimePoint now) noexcept;

 private:
  std::atomic<TimePoint::rep> next_{std::numeric_limits<TimePoint::rep>::min()};
  std::atomic<std::uint64_t> left_out_{0};
};

}  // namespace wirespan
