// fair_mutex.hpp - a mutex whose owner can hand it over to a waiting thread. Private.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/net/thread_id.hpp>

namespace wirespan {

/// A mutex with a hand-over. std::mutex is not fair: a thread that unlocks it and locks it again is
/// quicker than a waiting thread that has to be woken first, so that a receiver which always finds
/// input would starve the senders. Such a receiver calls yield_to_waiters() between two reads.
class FairMutex {
 public:
  void lock() {
    contenders_.fetch_add(1, std::memory_order_relaxed);
    mutex_.lock();
    contenders_.fetch_sub(1, std::memory_order_relaxed);
    entries_.fetch_add(1, std::memory_order_relaxed);
    owner_.store(net::current_thread(), std::memory_order_relaxed);
  }
  void unlock() noexcept {
    owner_.store(nullptr, std::memory_order_relaxed);
    mutex_.unlock();
  }
  /// True if this thread holds the mutex: the call comes from a callback that runs under it.
  [[nodiscard]] bool is_mine() const noexcept {
    return owner_.load(std::memory_order_relaxed) == net::current_thread();
  }
  /// Locks; throws Errc::reentrant_call if the mutex is_mine(): something is half done.
  [[nodiscard]] std::unique_lock<FairMutex> enter() {
    if (is_mine()) throw_for(Errc::reentrant_call, "a call of the WebSocket");
    return std::unique_lock(*this);
  }
  /// Locks, unless the mutex is_mine().
  [[nodiscard]] std::unique_lock<FairMutex> hold() noexcept {
    return is_mine() ? std::unique_lock(*this, std::defer_lock) : std::unique_lock(*this);
  }

  /// If a thread waits, unlocks the mutex until another thread has locked it, at most for 10 ms,
  /// then locks it again. Without one: one relaxed load. Requires that the caller holds the mutex.
  void yield_to_waiters() {
    if (contenders_.load(std::memory_order_relaxed) == 0) return;
    const std::uint64_t before = entries_.load(std::memory_order_relaxed);
    const auto end = std::chrono::steady_clock::now() + longest_yield;
    unlock();
    while (entries_.load(std::memory_order_relaxed) == before &&
           std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    mutex_.lock();
    owner_.store(net::current_thread(), std::memory_order_relaxed);
  }

 private:
  static constexpr std::chrono::milliseconds longest_yield{10};

  std::mutex mutex_;
  std::atomic<net::ThreadId> owner_{nullptr};
  std::atomic<int> contenders_{0};         // threads that wait in lock()
  std::atomic<std::uint64_t> entries_{0};  // calls of lock() that have returned
};

}  // namespace wirespan
