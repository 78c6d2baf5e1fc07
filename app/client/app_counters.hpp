// app_counters.hpp - the counters behind AppMetrics: written by the run, read by any thread.
// Private.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include <wirespan/app/app_metrics.hpp>
#include <wirespan/app/client/dialer.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan {

/// A number that one thread adds to and others read: no locked instruction.
class OneWriterCounter {
 public:
  void add(std::uint64_t number = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + number, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// The counters of one app, in its Shared.
struct AppCounters {
  OneWriterCounter attempts, opened, reconnects, ended;
  OneWriterCounter failed_options, failed_refused;
  std::array<OneWriterCounter, dial_phases> failed;  // by DialPhase
  OneWriterCounter messages_in, messages_out, bytes_in, bytes_out, dropped, conflated;
  OneWriterCounter kept_dropped, kept_conflated;  // written under the mutex of Shared
  std::atomic<std::int64_t> round_trip{0};        // nanoseconds; 0: none yet

  void count(const DialFailure& failure) noexcept {
    if (failure.error == Errc::not_switching_protocols) return failed_refused.add();
    failed[static_cast<std::size_t>(failure.phase)].add();
  }

  [[nodiscard]] AppMetrics snapshot() const noexcept {
    const auto by = [this](DialPhase phase) {
      return failed[static_cast<std::size_t>(phase)].get();
    };
    AppMetrics metrics{.attempts = attempts.get(),
                       .opened = opened.get(),
                       .reconnects = reconnects.get(),
                       .ended = ended.get(),
                       .failed = {.resolve = by(DialPhase::resolve),
                                  .connect = by(DialPhase::connect),
                                  .proxy = by(DialPhase::proxy),
                                  .tls = by(DialPhase::tls),
                                  .handshake = by(DialPhase::handshake),
                                  .refused = failed_refused.get(),
                                  .options = failed_options.get()},
                       .messages_in = messages_in.get(),
                       .messages_out = messages_out.get(),
                       .bytes_in = bytes_in.get(),
                       .bytes_out = bytes_out.get(),
                       .dropped = dropped.get() + kept_dropped.get(),
                       .conflated = conflated.get() + kept_conflated.get()};
    if (const auto time = round_trip.load(std::memory_order_relaxed); time > 0) {
      metrics.round_trip = std::chrono::nanoseconds(time);
    }
    return metrics;
  }
};

}  // namespace wirespan
