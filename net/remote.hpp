// remote.hpp - how other threads send to the connections of one loop.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
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

/// Limits for messages and tasks of other threads, in bytes. 0 accepts one message at a time for a
/// connection, no message for the loop, one task at a time.
struct RemoteOptions {
  std::size_t send_hard_limit = limits::send_hard_limit;  ///< Held for one connection.
  std::size_t total_limit = limits::loop_send_budget;     ///< Held for all connections of the loop.
  std::size_t task_limit = limits::publish_queue;         ///< Held by tasks that reserved room.
  Overflow overflow = Overflow::refuse;                   ///< For a message that exceeds a limit.
  /// False: a refused sender tries again by itself. The loop does not hear of a refusal, and no
  /// on_drained() follows.
  bool tells_refusals = true;
};

/// The part of a connection that any thread may see: its generation and its unsent bytes. The owner
/// of the connection owns the account too, and keeps it at least as long as the Remote is used for
/// it. An account may serve one connection after the other: Remote::close_account() begins the next
/// generation, and a handle with an old generation is refused.
struct RemoteAccount {
  RemoteAccount() = default;
  RemoteAccount(const RemoteAccount&) = delete;
  RemoteAccount& operator=(const RemoteAccount&) = delete;
  ~RemoteAccount() { delete outbox.load(std::memory_order_acquire); }

  /// Generation of the connection; changes when the connection ends.
  std::atomic<std::uint32_t> generation{1};
  std::uint32_t next_free = UINT32_MAX;  ///< For the owner's table of accounts: its free list.
  /// Unsent bytes of the connection's session, as of the loop's last set_unsent().
  std::atomic<std::size_t> unsent{0};
  std::atomic<Outbox*> outbox{nullptr};  ///< Remote's; null while no other thread sends.

  /// Returns the payload bytes in the outbox. Only on the loop's thread, which alone frees the
  /// outbox.
  [[nodiscard]] std::size_t on_its_way() const noexcept {
    const Outbox* box = outbox.load(std::memory_order_acquire);
    return box == nullptr ? 0 : box->payload.load(std::memory_order_relaxed);
  }
};

/// Counts of messages of other threads that were not kept, by reason, since the start. Any thread.
struct RemoteCounts {
  std::atomic<std::uint64_t> queue_full{0};       ///< Errc::send_queue_full.
  std::atomic<std::uint64_t> budget_spent{0};     ///< Errc::send_budget_spent.
  std::atomic<std::uint64_t> dropped{0};          ///< Dropped for newer ones.
  std::atomic<std::uint64_t> overflow_closed{0};  ///< Connections closed for a full queue.
};

/// Carries messages and tasks of other threads to the connections of one event loop. One per loop,
/// shared by all threads that send; it must outlive the turns of its loop, because posted tasks
/// hold no share of it.
///
/// Admission takes place when a message is handed over. It compares one sum with the limits: the
/// bytes in the connection's outbox, MessageLog::overhead per message included, and the unsent
/// bytes of its session. An accepted message has its room reserved: the loop sends it with
/// Admission::granted, and it is delivered, dropped for a newer one (Overflow::drop_oldest) or
/// counted as lost.
///
/// A message is copied into the outbox of its connection. One wake-up of the loop serves a batch,
/// and the loop takes all of it. Messages and tasks of one thread keep their order: a task closes
/// (seals) the batch, and later messages wait until it has run. Before the loop itself sends to a
/// connection, its owner drains the outbox (Look::early), so that the session's admission counts
/// everything that was accepted.
///
/// Threads: send(), buffered() and post() may be called by any thread and take a mutex;
/// reserve_room() and give_back_room() by any thread without one. Functions under "The loop's
/// thread" belong to it.
class Remote {
 public:
  /// `drain_all` is called on the loop's thread for each batch, and calls drain_listed().
  Remote(std::shared_ptr<Mailbox> mailbox, const RemoteOptions& options,
         std::function<void()> drain_all);
  ~Remote();
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  /// Hands over a whole message (Opcode::text or binary; text must be valid UTF-8) or a ping or
  /// pong for the connection that had `generation`; `tag` names the account to drain_listed(). A
  /// message for a connection with nothing unsent may be of any size up to
  /// RemoteOptions::total_limit. Errors: Errc::not_open if the connection has ended or the loop has
  /// gone; otherwise those of RemoteOptions::overflow: send_queue_full, send_budget_spent
  /// (on_drained() follows when there is room again, but not for a message above total_limit) or
  /// overflow_closed. `key`: see SendHow; at most limits::conflation_key bytes. Throws
  /// std::bad_alloc, and then nothing was accepted.
  [[nodiscard]] std::error_code send(RemoteAccount& account, std::uint32_t generation,
                                     std::uint32_t tag, Opcode opcode, Bytes payload,
                                     Compress compress, std::string_view key = {});

  /// Returns the bytes that were accepted for the connection and have not reached the kernel.
  [[nodiscard]] std::size_t buffered(const RemoteAccount& account) {
    const std::lock_guard lock(mutex_);
    return account.on_its_way() + account.unsent.load(std::memory_order_relaxed);
  }

  /// Runs `task` on the loop's thread, after the messages that were accepted before. False if the
  /// loop has gone. Throws std::bad_alloc, and then the task will not run.
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
  /// Reserves room for a task that holds `size` bytes until give_back_room(). False if the
  /// reservations would exceed RemoteOptions::task_limit; if there are none, a task may be of any
  /// size.
  [[nodiscard]] bool reserve_room(std::size_t size) noexcept;
  /// Ends a reservation.
  void give_back_room(std::size_t size) noexcept {
    tasks_held_.fetch_sub(size, std::memory_order_relaxed);
  }

  // The loop's thread.

  /// True once another thread has sent anything: from then on the loop has to keep set_unsent() up
  /// to date.
  [[nodiscard]] bool is_used() const noexcept { return is_used_.load(std::memory_order_relaxed); }
  /// True if an outbox may hold messages for the loop: one relaxed load.
  [[nodiscard]] bool has_listed() const noexcept {
    return listed_count_.load(std::memory_order_relaxed) > 0;
  }
  /// Calls `drain(tag)` for each listed account. `drain` calls drain_account() with Look::listed,
  /// unless the account does not exist any more.
  template <class Drain>
  void drain_listed(Drain drain) {
    std::vector<std::uint32_t> tags = take_listed();
    for (const std::uint32_t tag : tags) drain(tag);
    keep_memory_of(std::move(tags));
  }
  /// The occasion of a look into an outbox.
  enum class Look : std::uint8_t {
    listed,  ///< From drain_listed().
    early,   ///< Before that, because the loop itself is about to send to this connection.
    last,    ///< The connection has ended: all messages are due, those behind tasks, too.
  };
  /// Calls `deliver(message)` for each due message of the account, which no task before it holds
  /// up. An error from it counts the message as lost; until it returns, the message counts as held.
  /// Then calls `on_refused()` if a sender was refused, and `on_overflow()` if the connection has
  /// to be closed. Each of the three may end the connection.
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
  /// Tells the admission of other threads how many bytes the loop has unsent for the connection.
  /// Returns the number told before.
  std::size_t set_unsent(RemoteAccount& account, std::size_t unsent) noexcept {
    const std::size_t before = account.unsent.exchange(unsent, std::memory_order_relaxed);
    if (before != unsent) unsent_total_.fetch_add(unsent - before, std::memory_order_relaxed);
    return before;
  }
  /// Ends the connection for other threads: the next generation begins. Returns the accepted
  /// payload bytes that are lost.
  [[nodiscard]] std::size_t close_account(RemoteAccount& account) noexcept;

  /// Returns the unsent bytes of all connections of the loop, as told by set_unsent(). Any thread.
  [[nodiscard]] std::size_t unsent_total() const noexcept {
    return unsent_total_.load(std::memory_order_relaxed);
  }
  /// Returns unsent_total() and the bytes held in outboxes. Any thread.
  [[nodiscard]] std::size_t total() const noexcept {
    return unsent_total() + held_total_.load(std::memory_order_relaxed);
  }
  /// The counts since the start. Any thread.
  [[nodiscard]] const RemoteCounts& counts() const noexcept { return counts_; }

 private:
  /// Counts a task as run when it ends, also by an exception. While it runs, the messages behind it
  /// are not due.
  class SealMark {
   public:
    explicit SealMark(std::uint32_t& run) noexcept : run_(run) {}
    ~SealMark() { ++run_; }
    SealMark(const SealMark&) = delete;
    SealMark& operator=(const SealMark&) = delete;

   private:
    std::uint32_t& run_;
  };
  /// Events of an outbox that the loop has not heard of yet.
  struct Notes {
    bool refused = false;
    bool overflowed = false;
  };

  [[nodiscard]] std::error_code admit(Outbox& box, const RemoteAccount& account, Opcode opcode,
                                      std::size_t size) noexcept;
  void drop_oldest(Outbox& box) noexcept;
  /// Lists the outbox for the loop and makes sure that a wake-up is under way. False if the loop
  /// has gone. Throws std::bad_alloc, and then nothing has changed.
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
  void uncount(Outbox& box, const MessageLog::Message& message) noexcept;
  void settle(RemoteAccount& account, Outbox* box) noexcept;
  void recycle(Outbox* box) noexcept;

  const RemoteOptions options_;
  const std::shared_ptr<Mailbox> mailbox_;
  const std::function<void()> drain_all_;
  RemoteCounts counts_;
  std::atomic<bool> is_used_{false};
  std::atomic<std::size_t> listed_count_{0};  // listed_.size(), for has_listed()
  std::atomic<std::size_t> held_total_{0};    // bytes in all outboxes, overhead included
  std::atomic<std::size_t> unsent_total_{0};  // sum of RemoteAccount::unsent
  std::atomic<std::size_t> tasks_held_{0};    // bytes reserved by tasks

  std::mutex mutex_;                   // guards the members below and the guarded ones of Outbox
  std::vector<std::uint32_t> listed_;  // tags of accounts with Outbox::is_listed
  std::vector<std::unique_ptr<Outbox>> spare_;  // reset outboxes, to be used again
  std::uint32_t seals_ = 0;                     // tasks posted: the number of the open batch
  bool is_posted_ = false;                      // a wake-up for batch posted_for_ is under way
  std::uint32_t posted_for_ = 0;                // batch of the last wake-up

  std::uint32_t seals_run_ = 0;  // the loop's: tasks that have ended; batches up to it are due
};

}  // namespace wirespan::net
