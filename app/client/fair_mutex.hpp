// fair_mutex.hpp - a mutex whose owner can let the threads in that wait for it. Private.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>

namespace wirespan {

/// std::mutex is not fair: a thread that gives it up and takes it again is quicker than one that
/// has to be woken first, so that a receiver which always finds input would keep all others out.
class FairMutex {
 public:
  void lock() {
    contenders_.fetch_add(1, std::memory_order_relaxed);
    mutex_.lock();
    contenders_.fetch_sub(1, std::memory_order_relaxed);
    entries_.fetch_add(1, std::memory_order_relaxed);
  }
  void unlock() noexcept { mutex_.unlock(); }

  /// Gives the mutex up until another thread has had it, if one waits; at most for some
  /// milliseconds.
  void let_others_in() {
    if (contenders_.load(std::memory_order_relaxed) == 0) return;
    const std::uint64_t before = entries_.load(std::memory_order_relaxed);
    const auto end = std::chrono::steady_clock::now() + longest_courtesy;
    mutex_.unlock();
    while (entries_.load(std::memory_order_relaxed) == before &&
           std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    mutex_.lock();
  }

 private:
  static constexpr std::chrono::milliseconds longest_courtesy{10};

  std::mutex mutex_;
  std::atomic<int> contenders_{0};         // threads that wait
  std::atomic<std::uint64_t> entries_{0};  // times that it was taken
};

}  // namespace wirespan
