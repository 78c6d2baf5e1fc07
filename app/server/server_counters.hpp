// server_counters.hpp - the numbers of one loop, written by it and read by anybody. Private.
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

/// One thread adds, any thread reads: no locked instruction.
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

/// How long turns take: the longest of this window of time and of the one before.
class LoopLag {
 public:
  void note(TimePoint now, std::chrono::nanoseconds turn) noexcept;
  [[nodiscard]] std::chrono::nanoseconds longest() const noexcept;

 private:
  static constexpr std::chrono::seconds window{2};
  TimePoint window_start_{};
  std::atomic<std::int64_t> current_{0};
  std::atomic<std::int64_t> previous_{0};
};

struct ServerCounters {
  Counter handshaking, accepted, opened, closed, http_requests;
  Counter messages_in, messages_out, bytes_in, bytes_out, conflated, unsent_at_close, send_queue;
  struct {
    Counter handshake_time, head_size, head_fields, bad_request, tls, origin, rejected, connections,
        address, no_descriptor, message_size, fragments, pings, idle_time, progress, pong_time,
        protocol, send_queue, send_budget, dropped, overflow_closed;
  } refused;
  LoopLag lag;

  /// Under the name of the limit that `error` belongs to, if it is one.
  void count_failed_handshake(std::error_code error) noexcept;
  void count_failed_connection(std::error_code error) noexcept;
  void count_close(CloseCode code) noexcept;
  /// Any thread.
  void add_to(ServerStats& stats) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint16_t, std::uint64_t> closes_by_code_;
};

}  // namespace wirespan
