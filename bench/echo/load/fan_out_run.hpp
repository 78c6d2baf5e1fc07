// fan_out_run.hpp - one run of the scenario "fan_out": many subscribers, one of which sends orders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "histogram.hpp"
#include "options.hpp"
#include "stream.hpp"
#include "window.hpp"
#include <wirespan/core/bytes.hpp>

namespace wirespan::bench {

/// Loads a publishing server, closed loop, in rounds: the first connection orders `depth` messages,
/// which the server publishes to all connections, including the first; when every subscriber has
/// all of them the next round begins. A round trip lasts from the order until a subscriber has all
/// messages of the round. A byte that differs from the expected burst ends the run. Compressed: the
/// first connection sends the messages themselves, and the burst is what it receives in the first
/// round, if that inflates to them.
class FanOutRun {
 public:
  explicit FanOutRun(const LoadOptions& options);
  ~FanOutRun();
  FanOutRun(const FanOutRun&) = delete;
  FanOutRun& operator=(const FanOutRun&) = delete;

  void run();
  void print() const;

 private:
  struct Subscriber {
    Stream stream;
    std::size_t received = 0;  // bytes of this round
  };

  void subscribe_all();
  void learn_compressed_burst();
  void run_for(std::chrono::duration<double> time);
  void run_round();
  void on_event(Subscriber& subscriber, std::uint64_t started);
  void on_bytes(Subscriber& subscriber, Bytes bytes, std::uint64_t started);

  LoadOptions options_;
  TlsContext tls_;
  std::vector<std::byte> order_;
  std::vector<std::byte> burst_;  // the frames that each subscriber receives in a round
  std::vector<std::byte> room_;
  std::vector<Subscriber> subscribers_;
  int epoll_ = -1;
  std::size_t awaited_ = 0;  // subscribers that have not received the whole burst
  std::uint64_t deliveries_ = 0;
  Histogram latency_;
  Totals start_;
  Totals end_;
};

}  // namespace wirespan::bench
