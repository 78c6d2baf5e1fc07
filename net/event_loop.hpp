// event_loop.hpp - the event loop (reactor): one thread, many descriptors, timers and tasks.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include <wirespan/core/bytes.hpp>
#include <wirespan/net/buffer_pool.hpp>
#include <wirespan/net/connect_gate.hpp>
#include <wirespan/net/mailbox.hpp>
#include <wirespan/net/network.hpp>
#include <wirespan/net/poller.hpp>
#include <wirespan/net/secure_random.hpp>
#include <wirespan/net/thread_id.hpp>
#include <wirespan/net/timer_wheel.hpp>
#include <wirespan/net/write_queue.hpp>

namespace wirespan::net {

/// Options of one EventLoop.
struct EventLoopOptions {
  Backend backend = Backend::automatic;  ///< automatic: epoll.
  /// Bytes of the receive buffer, 512 KiB by default; one for all connections of the loop. It is
  /// large because a connection gets one read per turn (more only inside a large message). 0 counts
  /// as 1; std::bad_alloc for more than there is.
  std::size_t receive_buffer = std::size_t{512} << 10;
  Network* network = nullptr;  ///< Null: the system's. Must outlive the loop.
  /// Busy-poll duration of a turn before it blocks in epoll_wait. Saves the microseconds that
  /// waking a thread takes, and costs a core that is never idle. 0, the default, and below: the
  /// turn blocks at once.
  std::chrono::nanoseconds busy_poll{0};
};

/// The event loop of one thread, with everything that its connections share: poller, timers,
/// mailbox, buffer pool, receive buffer. It belongs to the thread that runs it. Only post(),
/// wake(), stop(), mailbox() and in_loop_thread() may be called by other threads; wake() and stop()
/// from a signal handler, too. It must outlive its handlers and timers.
///
/// A turn (run_once()): wait for readiness; the time of the turn; ready descriptors; timers; posted
/// tasks; on_flush() of the handlers that asked for it; deferred deletion of the objects given to
/// retire(), so that nothing is destroyed while it may be on the stack. IoHandlers and Timers must
/// not throw; a task may: its exception ends the turn, and the next turn does the rest.
class EventLoop {
 public:
  /// Throws std::system_error if the system has no descriptor left.
  explicit EventLoop(EventLoopOptions options = {});
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Runs turns until stop(). Exceptions of tasks pass through; the loop stays usable.
  void run();
  /// Runs one turn, which waits up to `timeout`; std::nullopt: until something happens.
  void run_once(std::optional<std::chrono::nanoseconds> timeout);
  /// Ends run() after the current turn, or the next run() at once. Any thread.
  void stop() noexcept;
  /// Ends the wait of the current or the next turn. Any thread.
  void wake() noexcept { poller_->wake(); }
  /// Runs `task` on the loop's thread, in the order of posting. False once the loop is being
  /// destroyed: the task will never run. Any thread.
  bool post(Mailbox::Task task) { return mailbox_->post(std::move(task)); }
  /// The mailbox behind post(), for threads that may outlive the loop. Any thread.
  [[nodiscard]] const std::shared_ptr<Mailbox>& mailbox() const noexcept { return mailbox_; }
  /// True on the thread that is inside run() or run_once(). Any thread.
  [[nodiscard]] bool in_loop_thread() const noexcept;

  /// Adds the handler's descriptor, or changes its interest; no system call if the interest is
  /// the same.
  [[nodiscard]] std::error_code watch(int fd, Interest interest, IoHandler& handler);
  /// Removes the handler: events of this turn that were not delivered yet, and its on_flush(), are
  /// dropped. Call it before closing the descriptor.
  void forget(int fd, IoHandler& handler) noexcept;
  /// Removes the descriptor from the poller, so that not even errors are reported. An event that
  /// this turn has already collected, and a flush_later(), still reach the handler.
  void unwatch(int fd, IoHandler& handler) noexcept;
  /// Asks for one call of on_flush() at the end of this turn; from within on_flush(), at the end of
  /// the next turn, which does not wait.
  void flush_later(IoHandler& handler);
  /// Deferred deletion: destroys the object at the end of the turn, when nothing of it can be on
  /// the stack. An object for which there is no memory on the list (256 entries are reserved) is
  /// never destroyed: a leak is better than a destruction that comes too early.
  template <class T>
  void retire(std::unique_ptr<T> object) noexcept {
    if (object) retire_erased({object.release(), [](void* p) { delete static_cast<T*>(p); }});
  }

  /// Shared by the connections of the loop; valid as long as it is.
  [[nodiscard]] TimerWheel& timers() noexcept { return timers_; }
  [[nodiscard]] BufferPool& buffers() noexcept { return buffers_; }
  [[nodiscard]] WriteQueuePool& write_queues() noexcept { return write_queues_; }
  [[nodiscard]] SecureRandom& random() noexcept { return random_; }
  [[nodiscard]] Network& network() noexcept { return network_; }
  [[nodiscard]] ConnectGate& connect_gate() noexcept { return connect_gate_; }
  /// The receive buffer that all streams of this loop read into; its bytes last until the handler
  /// returns.
  [[nodiscard]] MutableBytes receive_buffer() noexcept;
  /// The time of this turn: the clock is read once per turn, after the wait. A busy loop reads it
  /// before each look.
  [[nodiscard]] TimePoint now() const noexcept { return now_; }
  /// Longest wait of the next turn, for a loop inside another loop; std::nullopt: without limit.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> next_timeout() noexcept;
  /// A descriptor for an outer loop, readable when run_once() would not wait for readiness; timers
  /// are in next_timeout() only. -1 with the poll back end.
  [[nodiscard]] int poll_fd() const noexcept { return poller_->poll_fd(); }
  /// Calls `tell` for every descriptor that an outer loop has to wait for, with either back end.
  void for_each_fd(const std::function<void(int fd, Interest interest)>& tell) const {
    poller_->for_each_fd(tell);
  }

 private:
  using Erased = std::unique_ptr<void, void (*)(void*)>;

  void wait(std::optional<std::chrono::nanoseconds> timeout);
  void retire_erased(Erased object) noexcept;
  void dispatch(std::span<Poller::Ready> ready);
  void run_tasks();
  void run_taken_tasks();
  void flush();
  void delete_retired() noexcept;

  Network& network_;
  BufferPool buffers_;
  WriteQueuePool write_queues_{buffers_.source()};
  SecureRandom random_;
  ConnectGate connect_gate_;
  TimerWheel timers_;
  std::unique_ptr<Poller> poller_;
  std::shared_ptr<Mailbox> mailbox_;
  std::span<Poller::Ready> ready_;    // events of this turn; forget() nulls those of a handler
  IoHandler* favourite_ = nullptr;    // was ready last, and alone; null if that were several
  std::vector<Mailbox::Task> tasks_;  // taken from the mailbox and not run yet
  std::vector<IoHandler*> to_flush_;  // flush_later() was called; null: forgotten since
  std::vector<IoHandler*> flushing_;  // the same, during flush()
  std::vector<Erased> retired_;       // deferred deletion: objects retired since the last one
  std::vector<Erased> deleting_;      // those that are being destroyed; a member for its capacity
  std::chrono::nanoseconds busy_poll_;
  std::size_t receive_buffer_size_;
  std::unique_ptr<std::byte[]> receive_buffer_;
  TimePoint now_;
  std::atomic<bool> stopped_{false};
  std::atomic<ThreadId> thread_{nullptr};
};

}  // namespace wirespan::net
