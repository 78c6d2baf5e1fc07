// remote.hpp - the way from other threads to the connections of one loop.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/core/opcode.hpp>
#include <wirespan/net/mailbox.hpp>
#include <wirespan/net/outbox.hpp>
#include <wirespan/net/session_options.hpp>

namespace wirespan::net {

struct RemoteOptions {
  std::size_t send_hard_limit = limits::send_hard_limit;  ///< Bytes held for one connection.
  std::size_t total_limit = limits::loop_send_budget;     ///< Bytes held for all of a loop.
  std::size_t task_limit = limits::publish_queue;         ///< Bytes that counted tasks hold.
  Overflow overflow = Overflow::refuse;
  /// False: a sender that is refused waits by itself; the loop is not told, and no drain is owed.
  bool tells_refusals = true;
};

/// The part of a connection that any thread may see: which one it is, and how much is unsent. The
/// owner keeps it at least as long as the Remote is used for it.
struct RemoteAccount {
  RemoteAccount() = default;
  RemoteAccount(const RemoteAccount&) = delete;
  RemoteAccount& operator=(const RemoteAccount&) = delete;
  ~RemoteAccount() { delete outbox.load(std::memory_order_acquire); }

  /// Changes when the connection ends; a slot that is used again is another connection.
  std::atomic<std::uint32_t> generation{1};
  std::uint32_t next_free = UINT32_MAX;  ///< For a table of accounts: the owner's free list.
  /// Bytes that the kernel did not take, as the loop told them last.
  std::atomic<std::size_t> unsent{0};
  std::atomic<Outbox*> outbox{nullptr};  ///< Remote's; null while no other thread sends.

  /// Payload on its way from other threads. The loop's thread only: no other frees the outbox.
  [[nodiscard]] std::size_t on_its_way() const noexcept {
    const Outbox* box = outbox.load(std::memory_order_acquire);
    return box == nullptr ? 0 : box->payload.load(std::memory_order_relaxed);
  }
};

/// Why messages of other threads were not kept, counted since the start. Any thread.
struct RemoteCounts {
  std::atomic<std::uint64_t> queue_full{0};
  std::atomic<std::uint64_t> budget_spent{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> overflow_closed{0};
};

/// One per loop, shared by all threads that send to its connections. It decides about room when a
/// message is handed over, by one sum for a connection: the bytes that are on their way and those
/// that the kernel has left, all as they are held. An accepted message has its room from then on:
/// the loop sends it with Admission::granted, and it is delivered or counted as lost.
///
/// A message is copied into the outbox of its connection; the loop is woken once for a batch and
/// takes all of it. Messages and tasks of one thread keep their order: a task closes the batch, and
/// later messages wait until it has run. The loop looks into the outbox of a connection also before
/// it sends to it by itself, so that its own admission knows everything that was accepted.
///
/// Threads: send(), post() and post_counted() may be called by any, and take a mutex that no
/// message of the loop itself needs. Functions that say "the loop" belong to its thread. What was
/// posted holds no share of the Remote: it must outlive the turns of its loop.
class Remote {
 public:
  /// `drain_all` is called on the loop's thread for each batch, and calls drain_listed().
  Remote(std::shared_ptr<Mailbox> mailbox, const RemoteOptions& options,
         std::function<void()> drain_all);
  ~Remote();
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  /// Hands over a whole message (Opcode::text or binary, valid as such) or a ping or pong for the
  /// connection that had `generation`; `tag` names the account to drain_listed(). A message that
  /// finds nothing before it may be of any size up to the limit of the loop. Errors: Errc::not_open
  /// if the connection has ended or the loop has gone; those of RemoteOptions::overflow otherwise:
  /// send_queue_full, send_budget_spent (on_drained() follows when there is room again) or
  /// overflow_closed. Throws std::bad_alloc, and then nothing was accepted.
  [[nodiscard]] std::error_code send(RemoteAccount& account, std::uint32_t generation,
                                     std::uint32_t tag, Opcode opcode, Bytes payload,
                                     Compress compress);

  /// Bytes that were accepted for the connection and have not reached the kernel.
  [[nodiscard]] std::size_t buffered(const RemoteAccount& account) {
    const std::lock_guard lock(mutex_);
    return account.on_its_way() + account.unsent.load(std::memory_order_relaxed);
  }

  /// Runs on the loop's thread, behind the messages that were accepted before. False if the loop
  /// has gone. Throws std::bad_alloc, and then it will not run.
  template <class Task>
  bool post(Task task) {
    const std::lock_guard lock(mutex_);
    const bool posted = mailbox_->post([this, task = std::move(task)] {
      drain_all_();
      const SealMark mark(seals_run_);
      task();
    });
    if (posted) ++seals_;
    return posted;
  }
  /// Reserves room for a task that holds `size` bytes until give_back_room(); false if those that
  /// wait hold too much. A task that finds none before it may be of any size.
  [[nodiscard]] bool reserve_room(std::size_t size) noexcept;
  void give_back_room(std::size_t size) noexcept {
    tasks_held_.fetch_sub(size, std::memory_order_relaxed);
  }

  // The loop.

  /// Another thread has sent something since the start: the loop tells its unsent bytes early.
  [[nodiscard]] bool is_used() const noexcept { return is_used_.load(std::memory_order_relaxed); }
  /// Something may wait for some connection: one relaxed load.
  [[nodiscard]] bool has_listed() const noexcept {
    return listed_count_.load(std::memory_order_relaxed) > 0;
  }
  /// Calls `drain(tag)` for each account that has something, which calls drain_account() with
  /// Look::listed unless there is no such account any more.
  template <class Drain>
  void drain_listed(Drain drain) {
    std::vector<std::uint32_t> tags = take_listed();
    for (const std::uint32_t tag : tags) drain(tag);
    keep_memory_of(std::move(tags));
  }
  enum class Look : std::uint8_t {
    listed,  ///< From drain_listed().
    early,   ///< Before that: the loop is about to send to this connection by itself.
  };
  /// Calls `deliver(message)` for each message of the account that is due; it returns an error for
  /// one that could not be sent, which is counted as lost. Messages stay counted until then. Then
  /// calls `on_refused()` if something was refused, and `on_overflow()` if the connection is to be
  /// closed. Any of them may end the connection.
  template <class Deliver, class OnRefused, class OnOverflow>
  void drain_account(RemoteAccount& account, std::uint32_t tag, Look look, Deliver deliver,
                     OnRefused on_refused, OnOverflow on_overflow) {
    Outbox* box = account.outbox.load(std::memory_order_acquire);
    if (box == nullptr || std::exchange(box->is_draining, true)) return;
    const Notes notes = take_due(*box, tag, look);
    while (!box->is_orphan && !box->taken.empty()) {
      const MessageLog::Message message = box->taken.front();
      const std::error_code error = deliver(message);
      if (!box->is_orphan) finish(*box, message, error);
    }
    if (!box->is_orphan && notes.refused) on_refused();
    if (!box->is_orphan && notes.overflowed) on_overflow();
    box->is_draining = false;
    settle(account, box);
  }
  /// The loop's unsent bytes for the connection, for the admission of other threads. Returns what
  /// was told before.
  std::size_t set_unsent(RemoteAccount& account, std::size_t unsent) noexcept {
    const std::size_t before = account.unsent.exchange(unsent, std::memory_order_relaxed);
    if (before != unsent) unsent_total_.fetch_add(unsent - before, std::memory_order_relaxed);
    return before;
  }
  /// Ends the connection for other threads: the next generation begins. Returns the payload
  /// that had been accepted for it and is lost.
  [[nodiscard]] std::size_t close_account(RemoteAccount& account) noexcept;

  /// Bytes that all connections of the loop have unsent, as set_unsent() was told. Any thread.
  [[nodiscard]] std::size_t unsent_total() const noexcept {
    return unsent_total_.load(std::memory_order_relaxed);
  }
  /// Those, and the bytes that are on their way.
  [[nodiscard]] std::size_t total() const noexcept {
    return unsent_total() + held_total_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] const RemoteCounts& counts() const noexcept { return counts_; }

 private:
  /// Counts a task as run when it is over, also by an exception: while it runs, the messages behind
  /// it are not due.
  class SealMark {
   public:
    explicit SealMark(std::uint32_t& run) noexcept : run_(run) {}
    ~SealMark() { ++run_; }
    SealMark(const SealMark&) = delete;
    SealMark& operator=(const SealMark&) = delete;

   private:
    std::uint32_t& run_;
  };
  struct Notes {
    bool refused = false;
    bool overflowed = false;
  };

  [[nodiscard]] std::error_code admit(Outbox& box, const RemoteAccount& account, Opcode opcode,
                                      std::size_t size) noexcept;
  void drop_oldest(Outbox& box) noexcept;
  /// Puts the outbox on the list and sees to it that a task will look there. False if the loop has
  /// gone. Throws std::bad_alloc, and then nothing has changed.
  [[nodiscard]] bool list(Outbox& box, std::uint32_t tag);
  [[nodiscard]] bool wake_for_batch();
  void batch_has_come(std::uint32_t batch) noexcept;
  [[nodiscard]] Outbox& outbox_of(RemoteAccount& account);
  [[nodiscard]] std::vector<std::uint32_t> take_listed() noexcept;
  void keep_memory_of(std::vector<std::uint32_t> tags) noexcept;
  [[nodiscard]] Notes take_due(Outbox& box, std::uint32_t tag, Look look) noexcept;
  [[nodiscard]] bool is_due(std::uint32_t batch) const noexcept;
  void relist(Outbox& box, std::uint32_t tag) noexcept;
  void take_those_due(Outbox& box) noexcept;
  void finish(Outbox& box, const MessageLog::Message& message, std::error_code error) noexcept;
  void uncount(Outbox& box, std::size_t payload) noexcept;
  void settle(RemoteAccount& account, Outbox* box) noexcept;
  void recycle(Outbox* box) noexcept;

  const RemoteOptions options_;
  const std::shared_ptr<Mailbox> mailbox_;
  const std::function<void()> drain_all_;
  RemoteCounts counts_;
  std::atomic<bool> is_used_{false};
  std::atomic<std::size_t> listed_count_{0};
  std::atomic<std::size_t> held_total_{0};
  std::atomic<std::size_t> unsent_total_{0};
  std::atomic<std::size_t> tasks_held_{0};

  std::mutex mutex_;  // guards what follows, and what Outbox says
  std::vector<std::uint32_t> listed_;
  std::vector<std::unique_ptr<Outbox>> spare_;
  std::uint32_t seals_ = 0;       // tasks that were posted: the number of the batch that is open
  bool is_posted_ = false;        // a task for the open batch is on its way
  std::uint32_t posted_for_ = 0;  // its batch

  std::uint32_t seals_run_ = 0;  // the loop's: tasks that are over; batches up to it are due
};

}  // namespace wirespan::net
