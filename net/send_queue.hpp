// send_queue.hpp - output that a session has accepted and the kernel has not taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <wirespan/core/connection.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/published_frame.hpp>
#include <wirespan/net/session_options.hpp>
#include <wirespan/net/write_queue.hpp>

namespace wirespan::net {

/// The output of one session: first the entries of a WriteQueue (owned, shared or borrowed), then
/// the newest frames, which lie in Connection::output(). It counts bytes, compares them with the
/// watermarks, and keeps the session's share of the loop's send budget up to date. A Session owns
/// it; the options and the pool must outlive it.
///
/// States: `flowing` (the kernel has taken all it was offered), `blocked` (there is a backlog),
/// `failed` (a write failed, or the session is over; final).
///
/// A session has a protocol object only while it needs one, so that object is an argument; null:
/// none.
class SendQueue {
 public:
  /// See the class.
  enum class State : std::uint8_t { flowing, blocked, failed };

  /// Both must outlive the queue.
  SendQueue(const SessionOptions& options, WriteQueuePool& pool) noexcept
      : options_(&options), pool_(&pool) {}
  ~SendQueue() { release(); }
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  /// As given to the constructor.
  [[nodiscard]] const SessionOptions& options() const noexcept { return *options_; }
  /// The state: see the class.
  [[nodiscard]] bool is_blocked() const noexcept { return state_ == State::blocked; }
  [[nodiscard]] bool has_failed() const noexcept { return state_ == State::failed; }
  /// True if something waits here, behind the protocol object's output or without one.
  [[nodiscard]] bool has_entries() const noexcept { return entries_ != nullptr; }
  /// The pool's blocks.
  [[nodiscard]] const BlockSource& blocks() const noexcept { return pool_->blocks(); }
  /// Returns the bytes still to be written; in `failed`, the bytes that were lost.
  [[nodiscard]] std::size_t unsent(const Connection* connection) const noexcept {
    if (state_ == State::failed) return amount_;
    return (entries_ ? entries_->size() : 0) + (connection ? connection->output().size() : 0);
  }
  /// Returns the bytes of memory held for unsent output, entry overhead included: the figure that
  /// limits and watermarks are compared with.
  [[nodiscard]] std::size_t held(const Connection* connection) const noexcept {
    if (state_ == State::failed) return 0;
    return (entries_ ? entries_->held() : 0) + (connection ? connection->output().size() : 0);
  }
  /// held() compared with a watermark.
  [[nodiscard]] bool is_above_high(const Connection* connection) const noexcept {
    return held(connection) > options_->send_high_watermark;
  }
  [[nodiscard]] bool is_above_low(const Connection* connection) const noexcept {
    return held(connection) > options_->send_low_watermark;
  }
  /// True if a message of `size` bytes stays within the hard limit. If nothing is unsent, any size
  /// fits.
  [[nodiscard]] bool fits(std::size_t size, const Connection* connection) const noexcept {
    const std::size_t before = held(connection);
    const std::size_t limit = options_->send_hard_limit;
    return before == 0 || (before <= limit && size <= limit - before);
  }
  /// True if messages were accepted beyond the budget, or if so much output was copied that it
  /// would only move to a larger block (limits::write_at_once). Behind a backlog it becomes an
  /// entry.
  [[nodiscard]] bool should_leave_now(const Connection* connection) const noexcept {
    const bool overdraws = options_->budget != nullptr && options_->budget->overdrawn();
    return overdraws ||
           (connection != nullptr && connection->output().size() >= limits::write_at_once);
  }
  /// Returns this session's share of the budget, as of the last account().
  [[nodiscard]] std::size_t share() const noexcept { return has_failed() ? 0 : amount_; }
  /// Updates this session's share of the budget to the bytes held at present.
  void account(const Connection* connection) noexcept;

  /// Returns the write queue, taken from the pool if there is none yet. Throws std::bad_alloc.
  [[nodiscard]] WriteQueue& entries();
  /// Moves the encoded output into the write queue, before an entry that is pushed next: the block
  /// moves, its bytes are not copied. Throws std::bad_alloc, and then nothing has changed.
  void spill(Connection* connection);
  /// Drops the oldest whole message that is still untouched; false if there is none.
  [[nodiscard]] bool drop_oldest() { return entries_ && entries_->drop_oldest() > 0; }
  /// True if drop_oldest() can lower held() by `bytes`.
  [[nodiscard]] bool can_drop(std::size_t bytes) const noexcept {
    return bytes == 0 || (entries_ && entries_->can_drop(bytes));
  }
  /// Returns the bytes of the unsent frame that conflate() would replace; 0 if there is none.
  [[nodiscard]] std::size_t replaceable(const PublishedFrame& frame) const noexcept {
    return entries_ ? entries_->replaceable(frame) : 0;
  }
  /// Conflation: replaces an unsent frame that has the same key; false if there is none.
  [[nodiscard]] bool conflate(const PublishedFrame::Ptr& frame) {
    return entries_ && entries_->replace(frame);
  }
  /// Queues a published frame, shared or, if it is small and there is no backlog, copied.
  void push(const PublishedFrame::Ptr& frame);
  /// Copies borrowed bytes that are still unsent.
  void own() {
    if (entries_) entries_->own();
  }
  /// Takes over the block that a borrowed entry lies in. Requires has_entries().
  void adopt(Block::Ptr block) { entries_->adopt(std::move(block)); }

  /// Fills `pieces` with the beginning of the output, for a gather write; returns their number.
  [[nodiscard]] std::size_t gather(std::span<Bytes> pieces,
                                   const Connection* connection) const noexcept;
  /// Removes `size` bytes that were written; the `repeat` bytes after them are pinned, because TLS
  /// needs them again unchanged, also if none was written. Requires size <= unsent().
  void consume(std::size_t size, std::size_t repeat, Connection* connection);
  /// Sets or ends the backlog. True if that is a change.
  bool set_blocked(bool blocked) noexcept {
    if (state_ == State::failed || is_blocked() == blocked) return false;
    state_ = blocked ? State::blocked : State::flowing;
    return true;
  }
  /// Drops everything, records it as lost, and accepts nothing more.
  void fail(Connection* connection) noexcept;

  /// Makes on_drained() due at the low watermark: a sender was refused, or the high watermark was
  /// crossed. If anything is held, some of it has to leave first: a refused sender that tries again
  /// at once would be refused again, and so on without an end.
  void owe_drain(const Connection* connection) noexcept {
    drain_owed_ = true;
    drain_waits_ = held(connection) > 0;
  }
  /// True if on_drained() is to be called; drained() notes the call.
  [[nodiscard]] bool drain_is_due(const Connection* connection) const noexcept {
    return drain_owed_ && !drain_waits_ && !is_above_low(connection);
  }
  void drained() noexcept { drain_owed_ = false; }

 private:
  void release() noexcept {
    if (entries_) pool_->take_back(std::move(entries_));
  }

  // blocked     => something is unsent, and the connection holds its pongs back.
  // drain_owed_ => the high watermark was crossed while blocked, or a sender was refused, and
  //                on_drained() is due at the low watermark.
  // failed      => nothing is held; amount_ is what was accepted and lost.
  const SessionOptions* options_;
  WriteQueuePool* pool_;
  std::unique_ptr<WriteQueue> entries_;  // null: nothing waits before Connection::output()
  std::size_t amount_ = 0;               // failed: bytes lost; else: share() of the budget
  State state_ = State::flowing;
  bool drain_owed_ = false;
  bool drain_waits_ = false;  // drain_owed_: nothing has left since
};

}  // namespace wirespan::net
