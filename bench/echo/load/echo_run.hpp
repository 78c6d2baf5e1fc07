// echo_run.hpp - one run of the scenario "echo": many connections, one thread, one epoll.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "histogram.hpp"
#include "options.hpp"
#include "stream.hpp"
#include "traffic.hpp"
#include "window.hpp"

namespace wirespan::bench {

/// Loads an echo server and measures it, in one of two ways. Closed loop: each connection sends a
/// batch when the one before is back; that finds the highest rate, and its round trips are those of
/// a queue that the load keeps full. Open loop, with a rate: a message is sent when it is due,
/// although others may be on their way; its round trip counts from the moment it was due, so that a
/// server that stalls is charged for every message that it kept waiting (no coordinated omission).
/// A byte that differs from the expected echo ends the run with an exception.
class EchoRun {
 public:
  explicit EchoRun(const LoadOptions& options);
  ~EchoRun();
  EchoRun(const EchoRun&) = delete;
  EchoRun& operator=(const EchoRun&) = delete;

  void run();
  void print() const;

 private:
  struct Connection {
    Stream stream;
    std::size_t unsent = 0;     // bytes still to send, of the batch or of messages that were due
    std::size_t received = 0;   // bytes since the start of the batch; open loop: of the run
    std::uint64_t started = 0;  // closed loop: when the batch was sent
    std::deque<std::uint64_t> due{};  // open loop: when the messages on their way were due
    bool awaits_room = false;         // the kernel has refused bytes; epoll reports writability
  };

  void run_for(std::uint64_t time, std::uint64_t messages);
  void run_until(std::uint64_t end);
  void on_event(Connection& connection, bool writable);
  void on_bytes(Connection& connection, Bytes bytes, std::uint64_t time);
  void count_echoes(Connection& connection, std::size_t count, std::uint64_t time);
  void start_batch(Connection& connection, std::uint64_t time);
  void send_what_is_due(std::uint64_t time);
  void send_more(Connection& connection);
  void watch(Connection& connection, bool for_room, int operation) const;

  LoadOptions options_;
  Traffic traffic_;
  TlsContext tls_;
  std::vector<Connection> connections_;
  std::vector<std::byte> room_;
  int epoll_ = -1;
  Histogram latency_;
  std::uint64_t messages_ = 0;
  std::uint64_t first_due_ = 0;
  std::uint64_t sent_on_time_ = 0;  // open loop: messages queued so far
  Totals start_;
  Totals end_;
};

}  // namespace wirespan::bench
