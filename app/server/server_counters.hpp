// server_counters.hpp - statistics of one loop, written by its thread and read by any. Private.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <system_error>

#include <wirespan/app/server_stats.hpp>
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/keep_alive.hpp>

namespace wirespan {

/// A counter that one thread writes and any thread reads: no locked instruction.
class Counter {
 public:
  void add(std::uint64_t more = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t less) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) - less, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// The longest turn of a loop, in the current window of 2 s and the one before. A window begins
/// with a turn, and an idle loop has none: what is recorded is judged by its age.
class LoopLag {
 public:
  /// Records the duration of a turn. The loop's thread.
  void note(TimePoint now, std::chrono::nanoseconds turn) noexcept;
  /// Any thread.
  [[nodiscard]] std::chrono::nanoseconds longest(TimePoint now) const noexcept;

 private:
  static constexpr std::chrono::seconds window{2};
  std::atomic<TimePoint> window_start_{};  // written last, so that a new window has no old turn
  std::atomic<std::int64_t> current_{0};
  std::atomic<std::int64_t> previous_{0};
};

/// The counters of one loop, named as in ServerStats. Only the loop's thread writes them.
struct ServerCounters {
  Counter handshaking, accepted, opened, closed, http_requests;
  Counter messages_in, messages_out, bytes_in, bytes_out, conflated, unsent_at_close, send_queue;
  struct {
    Counter handshake_time, head_size, head_fields, bad_request, tls, origin, rejected, connections,
        address, proxy, no_descriptor, message_size, fragments, pings, idle_time, progress,
        pong_time, protocol, send_queue, send_budget, dropped, overflow_closed, resources;
  } refused;
  LoopLag lag;

  /// Counts the refusal under the name of the limit that `error` belongs to, if there is one.
  void count_failed_handshake(std::error_code error) noexcept;
  void count_failed_connection(std::error_code error) noexcept;
  void count_close(CloseCode code) noexcept;
  /// Adds the counters, as they are at `now`, to those of other loops. Any thread.
  void add_to(ServerStats& stats, TimePoint now) const;

 private:
  mutable std::mutex mutex_;  // guards closes_by_code_
  std::map<std::uint16_t, std::uint64_t> closes_by_code_;
};

}  // namespace wirespan
