// echo_run.hpp - one run of the scenario "echo": connections, one thread, one epoll.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "latency.hpp"
#include "options.hpp"
#include "stream.hpp"
#include "traffic.hpp"
#include "window.hpp"

namespace wirespan::bench {

/// Two ways to send. Closed loop: a batch when the one before is back; that finds the limit, and
/// its round trips are those of a queue that the load itself keeps full. Open loop, with a rate: a
/// message when it is due, whatever is still on the way; its round trip counts from the moment it
/// was due, so that a server that stalls is charged for all that it kept waiting.
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
    std::size_t unsent = 0;    // bytes from the end of the batch, or of the last message
    std::size_t received = 0;  // bytes since the start of a batch; open loop: of the run
    std::uint64_t started = 0;
    std::deque<std::uint64_t> due{};  // open loop: when the messages on the way were due
    bool awaits_room = false;
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
  Latency latency_;
  std::uint64_t messages_ = 0;
  std::uint64_t first_due_ = 0;
  std::uint64_t sent_on_time_ = 0;  // open loop: messages so far
  Totals start_;
  Totals end_;
};

}  // namespace wirespan::bench
