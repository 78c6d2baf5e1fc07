// wsbench_tally.hpp - counts what the connections of one loop see. One thread.
#pragma once

#include <cstddef>
#include <string>

#include "wsbench_options.hpp"
#include "wsbench_results.hpp"
#include <wirespan/core/time.hpp>

namespace wsbench {

using wirespan::TimePoint;
using Clock = std::chrono::steady_clock;

class Tally {
 public:
  explicit Tally(const Options& options);

  /// Says which time counts, when the load begins; later again, with an earlier end.
  void count_from(TimePoint begin, TimePoint end) noexcept;

  /// An answer came at `now`; its message was due at `due`. In an open loop it counts
  /// if it was due in the time that counts, else if it came in it.
  void answered(TimePoint due, TimePoint now, std::size_t bytes);
  /// A message came that answers nothing.
  void received(TimePoint now, std::size_t bytes);
  void opened(TimePoint began, TimePoint now, bool compressed);
  /// A message had not come back at `now`.
  void unanswered(TimePoint due, TimePoint now);
  void failed_to_connect() noexcept { ++results_.not_connected; }
  void lost() noexcept { ++results_.lost; }
  void wrong() noexcept { ++results_.wrong; }
  void told(const std::string& error);

  [[nodiscard]] const Results& results() const noexcept { return results_; }
  /// Round trips since the last call, for a line of progress.
  [[nodiscard]] Histogram take_recent();

 private:
  [[nodiscard]] bool counts(TimePoint time) const noexcept { return time >= begin_ && time < end_; }
  [[nodiscard]] Slice& slice_of(TimePoint time);

  bool open_loop_;
  bool handshakes_count_always_;
  TimePoint begin_ = TimePoint::max();
  TimePoint end_ = TimePoint::max();
  std::chrono::nanoseconds slice_;
  Histogram recent_;
  Results results_;
};

}  // namespace wsbench
