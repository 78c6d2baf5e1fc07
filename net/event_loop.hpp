// event_loop.hpp - the reactor: one thread, many descriptors, timers and tasks.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <wirespan/core/bytes.hpp>
#include <wirespan/net/buffer_pool.hpp>
#include <wirespan/net/connect_gate.hpp>
#include <wirespan/net/mailbox.hpp>
#include <wirespan/net/network.hpp>
#include <wirespan/net/poller.hpp>
#include <wirespan/net/secure_random.hpp>
#include <wirespan/net/timer_wheel.hpp>
#include <wirespan/net/write_queue.hpp>

namespace wirespan::net {

struct EventLoopOptions {
  Backend backend = Backend::automatic;  ///< automatic: epoll.
  /// Bytes; one buffer for all connections of the loop. Large, because one read of it per turn and
  /// connection is all that a connection gets.
  std::size_t receive_buffer = std::size_t{512} << 10;
  Network* network = nullptr;  ///< Null: the system's. Must outlive the loop.
  /// How long a turn looks again and again before it sleeps: what comes meanwhile is answered
  /// without the microseconds that waking up takes, and a core is busy. 0: it sleeps at once.
  std::chrono::nanoseconds busy_poll{0};
};

/// One loop belongs to the thread that runs it. Only post(), wake(), stop() and mailbox() may be
/// called by other threads; wake() and stop() from a signal handler, too.
///
/// A turn: wait; the clock is read once; ready descriptors; timers; posted tasks; on_flush() of
/// those who asked for it; destruction of what was retired. Nothing is destroyed while it may be on
/// the stack. IoHandlers and Timers must not throw; a task may.
class EventLoop {
 public:
  /// Throws std::system_error if the system has no descriptor left.
  explicit EventLoop(EventLoopOptions options = {});
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Turns until stop(). Exceptions of tasks pass through; the loop stays usable.
  void run();
  /// One turn that waits up to `timeout`, without one until something happens.
  void run_once(std::optional<std::chrono::nanoseconds> timeout);
  /// Ends run() after the current turn, or the next run() at once. Any thread.
  void stop() noexcept;
  /// Ends the wait of the current or the next turn. Any thread.
  void wake() noexcept { poller_->wake(); }
  /// Any thread. Runs on the loop's thread, in the order of posting; false once the loop has gone.
  bool post(Mailbox::Task task) { return mailbox_->post(std::move(task)); }
  /// For those who may outlive the loop. Any thread.
  [[nodiscard]] const std::shared_ptr<Mailbox>& mailbox() const noexcept { return mailbox_; }
  /// True on the thread that is inside run() or run_once().
  [[nodiscard]] bool in_loop_thread() const noexcept;

  /// Adds the handler's descriptor, or changes what it waits for; no system call if nothing
  /// changes.
  [[nodiscard]] std::error_code watch(int fd, Interest interest, IoHandler& handler);
  /// Call before closing the descriptor. Drops events of this turn that were not delivered yet.
  void forget(int fd, IoHandler& handler) noexcept;
  /// Waits for nothing any more, not even for errors; what was asked of flush_later() remains.
  void unwatch(int fd, IoHandler& handler) noexcept;
  /// Asks for on_flush() at the end of this turn, once.
  void flush_later(IoHandler& handler);
  /// Destroys it at the end of the turn, when nothing of it can be on the stack any more. Where
  /// more is retired in one turn than there is memory to remember, the rest is never destroyed:
  /// that is better than to do it too early.
  template <class T>
  void retire(std::unique_ptr<T> object) noexcept {
    if (object) retire_erased({object.release(), [](void* p) { delete static_cast<T*>(p); }});
  }

  [[nodiscard]] TimerWheel& timers() noexcept { return timers_; }
  [[nodiscard]] BufferPool& buffers() noexcept { return buffers_; }
  [[nodiscard]] WriteQueuePool& write_queues() noexcept { return write_queues_; }
  [[nodiscard]] SecureRandom& random() noexcept { return random_; }
  [[nodiscard]] Network& network() noexcept { return network_; }
  [[nodiscard]] ConnectGate& connect_gate() noexcept { return connect_gate_; }
  /// Shared by every stream of this loop; what is in it lasts until the handler returns.
  [[nodiscard]] MutableBytes receive_buffer() noexcept;
  /// Read once per turn.
  [[nodiscard]] TimePoint now() const noexcept { return now_; }
  /// How long the next turn may wait at most; nothing: for ever. For loops inside other loops.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> next_timeout() noexcept;
  /// Readable when run_once() has something to do; -1 with the poll back end.
  [[nodiscard]] int poll_fd() const noexcept { return poller_->poll_fd(); }
  /// Every descriptor that run_once() would wait for, with either back end.
  void for_each_fd(const std::function<void(int fd, Interest interest)>& tell) const {
    poller_->for_each_fd(tell);
  }

 private:
  using Erased = std::unique_ptr<void, void (*)(void*)>;

  [[nodiscard]] std::span<Poller::Ready> wait(std::optional<std::chrono::nanoseconds> timeout);
  void retire_erased(Erased object) noexcept;
  void dispatch(std::span<Poller::Ready> ready);
  void run_tasks();
  void run_taken_tasks();
  void flush();
  void bury() noexcept;

  Network& network_;
  BufferPool buffers_;
  WriteQueuePool write_queues_{buffers_.source()};
  SecureRandom random_;
  ConnectGate connect_gate_;
  TimerWheel timers_;
  std::unique_ptr<Poller> poller_;
  std::shared_ptr<Mailbox> mailbox_;
  std::span<Poller::Ready> ready_;  // of this turn, not delivered yet
  std::vector<Mailbox::Task> tasks_;
  std::vector<IoHandler*> to_flush_;
  std::vector<IoHandler*> flushing_;
  std::vector<Erased> graveyard_;
  std::vector<Erased> dying_;  // of a turn that ends; here to keep its memory
  std::chrono::nanoseconds busy_poll_;
  std::size_t receive_buffer_size_;
  std::unique_ptr<std::byte[]> receive_buffer_;
  TimePoint now_;
  std::atomic<bool> stopped_{false};
  std::atomic<std::thread::id> thread_{};
};

}  // namespace wirespan::net
