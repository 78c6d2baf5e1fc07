// mailbox.hpp - work for a loop from other threads, safe to use after the loop has gone.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include <wirespan/net/poller.hpp>

namespace wirespan::net {

/// Shared between a loop and all who may want to reach it. Tasks run in the order they were posted,
/// on the loop's thread. One wake-up serves all tasks that wait.
class Mailbox {
 public:
  using Task = std::function<void()>;

  explicit Mailbox(Poller& poller) noexcept : poller_(&poller) {}

  /// Any thread. False if the loop has gone: the task will never run, and is destroyed here.
  bool post(Task task);
  /// Any thread. Ends the wait of the loop; nothing happens if it has gone.
  void wake() noexcept;

 private:
  friend class EventLoop;
  /// Takes what was posted; `into` is empty before, and keeps its memory.
  void take(std::vector<Task>& into);
  void close() noexcept;

  std::mutex mutex_;
  std::vector<Task> tasks_;
  Poller* poller_;  // null once the loop has gone
};

}  // namespace wirespan::net
