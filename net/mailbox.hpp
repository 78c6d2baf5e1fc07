// mailbox.hpp - tasks for an event loop from other threads, safe to use after the loop has gone.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include <wirespan/net/poller.hpp>

namespace wirespan::net {

/// The queue of tasks for one event loop, owned jointly by the loop and by everything on other
/// threads that may outlive it. Open until the loop's destructor closes it. Tasks run in the order
/// of posting, on the loop's thread; one wake-up serves all tasks that wait.
class Mailbox {
 public:
  /// A call to make on the loop's thread.
  using Task = std::function<void()>;

  /// `poller` is the loop's, which has to close() the mailbox before it destroys the poller.
  explicit Mailbox(Poller& poller) noexcept : poller_(&poller) {}

  /// Appends a task and wakes the loop. False if the loop has gone: the task will never run, and is
  /// destroyed here. Throws std::bad_alloc. Any thread.
  bool post(Task task);
  /// Ends the wait of the loop; does nothing if the loop has gone. Any thread, but no signal
  /// handler: it takes a mutex.
  void wake() noexcept;

 private:
  friend class EventLoop;
  /// Swaps the posted tasks with `into`, which has to be empty and lends its capacity.
  void take(std::vector<Task>& into);
  /// The loop has gone: destroys the tasks and refuses new ones.
  void close() noexcept;

  std::mutex mutex_;         // guards both below
  std::vector<Task> tasks_;  // not empty => the poller was woken
  Poller* poller_;           // null once the loop has gone
};

}  // namespace wirespan::net
