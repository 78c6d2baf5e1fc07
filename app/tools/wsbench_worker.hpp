// wsbench_worker.hpp - a thread with an event loop and its share of the connections.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "wsbench_client.hpp"
#include "wsbench_options.hpp"
#include "wsbench_tally.hpp"
#include <wirespan/net/event_loop.hpp>

namespace wsbench {

/// The state of a worker, for a line of progress.
struct Glance {
  std::size_t open = 0;
  std::size_t settled = 0;  ///< Opened or failed; those that have ended included.
  std::size_t ended = 0;
  std::uint64_t messages = 0;
  Histogram recent{};  ///< Round trips of the last quarter of a second.
};

class Worker {
 public:
  /// Starts the thread, which begins to connect. `index` is below Options::threads.
  Worker(const Options& options, std::size_t index);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Ends the thread at once.
  ~Worker();

  /// Begins the load at `start`; the time that counts is from `begin` to `end`. Again: changes the
  /// end. Any thread.
  void load(TimePoint start, TimePoint begin, TimePoint end);
  /// Waits for the end of the load and returns what was counted.
  [[nodiscard]] Results finish();
  /// At most a quarter of a second old. Any thread.
  [[nodiscard]] Glance glance();

 private:
  void run();
  void turn();
  void connect_due(TimePoint now);
  void send_due(TimePoint now);
  void begin_load(TimePoint now);
  void publish(TimePoint now);
  void note_cpu(TimePoint now);
  void say_goodbye();
  [[nodiscard]] bool is_over(TimePoint now) const;
  [[nodiscard]] TimePoint next_due() const;
  [[nodiscard]] TimePoint next_connect() const;
  [[nodiscard]] std::chrono::nanoseconds pause(TimePoint now) const;
  [[nodiscard]] Client* next_open();

  const Options& options_;
  std::size_t index_;
  wirespan::net::EventLoop loop_;
  Tally tally_;
  Payload payload_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::size_t connected_ = 0;  // clients that were told to connect
  std::size_t turn_of_ = 0;    // client that sends the next message
  std::uint64_t due_count_ = 0;
  TimePoint first_connect_{};
  TimePoint start_ = TimePoint::max();  // of the load
  TimePoint begin_ = TimePoint::max();  // of the time that counts
  TimePoint end_ = TimePoint::max();
  bool loading_ = false;
  std::uint64_t cpu_at_begin_ = 0;
  std::uint64_t cpu_ = 0;  // nanoseconds within the time that counts
  TimePoint published_at_{};
  std::atomic<bool> abandoned_{false};
  std::mutex mutex_;
  Glance glance_;       // guarded by mutex_
  std::thread thread_;  // last: it uses all of the others
};

}  // namespace wsbench
