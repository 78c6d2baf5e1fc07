// socket_waiters.hpp - the threads of a blocking client that wait for one socket. Private.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <optional>

#include <wirespan/app/client/fair_mutex.hpp>
#include <wirespan/core/time.hpp>
#include <wirespan/net/busy_wait.hpp>
#include <wirespan/net/network.hpp>
#include <wirespan/net/poller.hpp>

namespace wirespan {

/// Counts the threads that wait for a socket, each in a poll() of its own, so that the thread that
/// ends the connection can wake them all and the last one of them knows that it may close the
/// descriptor. Every function requires that the caller holds the mutex which guards the object.
class SocketWaiters {
 public:
  explicit SocketWaiters(net::Network& network) noexcept : network_(network) {}

  /// Waits, without `lock`, until `fd` is ready or `deadline` has come (std::nullopt: without
  /// limit). Polls without sleeping for up to `busy`. The lock is held again when it returns.
  void wait(std::unique_lock<FairMutex>& lock, int fd, net::Interest interest,
            std::optional<TimePoint> deadline, std::chrono::nanoseconds busy) {
    std::optional<std::chrono::nanoseconds> time;
    if (deadline) time = std::max(*deadline - network_.now(), TimePoint::duration(0));
    std::array<net::Waiting, 1> waiting{{{.fd = fd, .interest = interest}}};
    const Unlocked unlocked(lock, count_);
    (void)net::busy_wait(
        net::busy_time(network_, busy), time, [this] { return network_.now(); },
        [&](std::optional<std::chrono::nanoseconds> rest) { return network_.wait(waiting, rest); },
        [](bool is_ready) { return is_ready; });
  }
  /// True if no thread waits.
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  /// Wakes the threads that wait for `fd`, by a shutdown of both directions of the socket.
  void wake(int fd) noexcept {
    if (count_ > 0) network_.shutdown_both(fd);
  }

 private:
  /// The time that one thread spends in poll(). The mutex guards the count.
  class Unlocked {
   public:
    Unlocked(std::unique_lock<FairMutex>& lock, int& count) : lock_(lock), count_(count) {
      ++count_;
      lock_.unlock();
    }
    ~Unlocked() {
      lock_.lock();
      --count_;
    }
    Unlocked(const Unlocked&) = delete;
    Unlocked& operator=(const Unlocked&) = delete;

   private:
    std::unique_lock<FairMutex>& lock_;
    int& count_;
  };

  net::Network& network_;
  int count_ = 0;
};

}  // namespace wirespan
