// send_queue.hpp - what a session has accepted and the kernel has not taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <wirespan/core/connection.hpp>
#include <wirespan/core/published_frame.hpp>
#include <wirespan/net/session_options.hpp>
#include <wirespan/net/write_queue.hpp>

namespace wirespan::net {

/// The output of one session: entries of a WriteQueue (owned, shared or borrowed), then the newest
/// frames, which lie in Connection::output(). It counts them, knows the watermarks, and keeps the
/// session's share of the loop's budget up to date.
///
/// States: `flowing` (the kernel has taken everything it was offered), `blocked` (it has refused
/// some), `failed` (a write failed, or the session is over; final). Invariants:
///   blocked      => something is unsent, and the connection holds its pongs back;
///   drain_owed_  => the high watermark was crossed while blocked, or something was refused, and
///                   on_drained is to be told at the low one;
///   failed       => nothing is held; unsent() is what was accepted and is lost.
/// The protocol object of a session comes and goes, so it is an argument; null: none.
class SendQueue {
 public:
  enum class State : std::uint8_t { flowing, blocked, failed };

  SendQueue(const SessionOptions& options, WriteQueuePool& pool) noexcept
      : options_(&options), pool_(&pool) {}
  ~SendQueue() { release(); }
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  [[nodiscard]] const SessionOptions& options() const noexcept { return *options_; }
  [[nodiscard]] bool is_blocked() const noexcept { return state_ == State::blocked; }
  [[nodiscard]] bool has_failed() const noexcept { return state_ == State::failed; }
  [[nodiscard]] bool has_entries() const noexcept { return entries_ != nullptr; }
  [[nodiscard]] const BlockSource& blocks() const noexcept { return pool_->blocks(); }
  /// Bytes to write; once failed, bytes that were lost.
  [[nodiscard]] std::size_t unsent(const Connection* connection) const noexcept {
    if (state_ == State::failed) return amount_;
    return (entries_ ? entries_->size() : 0) + (connection ? connection->output().size() : 0);
  }
  /// Bytes of memory for them.
  [[nodiscard]] std::size_t held(const Connection* connection) const noexcept {
    if (state_ == State::failed) return 0;
    return (entries_ ? entries_->held() : 0) + (connection ? connection->output().size() : 0);
  }
  [[nodiscard]] bool is_above_high(const Connection* connection) const noexcept {
    return held(connection) > options_->send_high_watermark;
  }
  [[nodiscard]] bool is_above_low(const Connection* connection) const noexcept {
    return held(connection) > options_->send_low_watermark;
  }
  /// A message that finds nothing before it may be of any size.
  [[nodiscard]] bool fits(std::size_t size, const Connection* connection) const noexcept {
    const std::size_t before = held(connection);
    const std::size_t limit = options_->send_hard_limit;
    return before == 0 || (before <= limit && size <= limit - before);
  }
  /// Our share of the budget as it was told last.
  [[nodiscard]] std::size_t share() const noexcept { return has_failed() ? 0 : amount_; }
  /// Tells the budget what is held now.
  void account(const Connection* connection) noexcept;

  /// Lent while it is needed. Throws std::bad_alloc.
  [[nodiscard]] WriteQueue& entries();
  /// Moves what was encoded so far in front of what is queued next: its block moves, its bytes do
  /// not. Throws std::bad_alloc, and then nothing has changed.
  void spill(Connection* connection);
  /// Forgets the oldest whole message of which nothing has left; false if there is none.
  [[nodiscard]] bool drop_oldest() { return entries_ && entries_->drop_oldest() > 0; }
  /// Puts the frame in the place of an unsent one with the same key.
  [[nodiscard]] bool conflate(const PublishedFrame::Ptr& frame) {
    return entries_ && entries_->replace(frame);
  }
  void push(const PublishedFrame::Ptr& frame);
  /// Copies what is borrowed.
  void own() {
    if (entries_) entries_->own();
  }
  /// Takes the block over that a borrowed entry lies in. Requires has_entries().
  void adopt(Block::Ptr block) { entries_->adopt(std::move(block)); }

  [[nodiscard]] std::size_t gather(std::span<Bytes> pieces,
                                   const Connection* connection) const noexcept;
  /// `size` bytes have left; `repeat` more are pinned. Requires size <= unsent().
  void consume(std::size_t size, std::size_t repeat, Connection* connection);
  /// The kernel has taken all, or not. True if that is a change.
  bool set_blocked(bool blocked) noexcept {
    if (state_ == State::failed || is_blocked() == blocked) return false;
    state_ = blocked ? State::blocked : State::flowing;
    return true;
  }
  /// Drops everything and takes nothing more.
  void fail(Connection* connection) noexcept;

  /// Something was refused, or the high watermark was crossed.
  void owe_drain() noexcept { drain_owed_ = true; }
  [[nodiscard]] bool drain_owed() const noexcept { return drain_owed_; }
  void drained() noexcept { drain_owed_ = false; }

 private:
  void release() noexcept {
    if (entries_) pool_->take_back(std::move(entries_));
  }

  const SessionOptions* options_;
  WriteQueuePool* pool_;
  std::unique_ptr<WriteQueue> entries_;  // null: nothing waits before the newest output
  std::size_t amount_ = 0;  // our share of the budget as it was told last; once failed: lost bytes
  State state_ = State::flowing;
  bool drain_owed_ = false;
};

}  // namespace wirespan::net
