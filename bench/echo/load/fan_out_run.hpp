// fan_out_run.hpp - one run of the scenario "fan_out": many subscribers, one of which gives orders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "latency.hpp"
#include "options.hpp"
#include "stream.hpp"
#include "window.hpp"
#include <wirespan/core/bytes.hpp>

namespace wirespan::bench {

/// Closed loop, in rounds: the first connection orders `depth` messages, which the server publishes
/// to all connections, itself included; when everybody has all of them the next round begins. A
/// round trip lasts from the order until a subscriber has all messages of the round.
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
  void run_for(std::chrono::duration<double> time);
  void run_round();
  void on_event(Subscriber& subscriber, std::uint64_t started);
  void on_bytes(Subscriber& subscriber, Bytes bytes, std::uint64_t started);

  LoadOptions options_;
  TlsContext tls_;
  std::vector<std::byte> order_;
  std::vector<std::byte> burst_;  // what each subscriber gets in a round
  std::vector<std::byte> room_;
  std::vector<Subscriber> subscribers_;
  int epoll_ = -1;
  std::size_t awaited_ = 0;  // subscribers that lack something of this round
  std::uint64_t deliveries_ = 0;
  Latency latency_;
  Totals start_;
  Totals end_;
};

}  // namespace wirespan::bench
