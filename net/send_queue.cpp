// send_queue.cpp - SendQueue: order of the output, its account, and the gather write.
#include <algorithm>

#include <wirespan/net/send_queue.hpp>

namespace wirespan::net {

void SendQueue::account(const Connection* connection) noexcept {
  if (options_->budget == nullptr || has_failed()) return;
  const std::size_t now = held(connection);
  options_->budget->used += now - amount_;  // modulo 2^64, so this subtracts too
  amount_ = now;
}

WriteQueue& SendQueue::entries() {
  if (!entries_) entries_ = pool_->lend();
  return *entries_;
}

void SendQueue::spill(Connection* connection) {
  if (connection == nullptr || connection->output().empty()) return;
  WriteQueue& waiting = entries();
  waiting.make_room_for(1);  // first: once the block is released, push() must not fail
  waiting.push(connection->output().release());
}

/// A frame that waits behind a backlog stays shared, so that it can be dropped or conflated by
/// itself. Small frames that leave soon are joined into one block, which costs a gather write less
/// than many pieces.
void SendQueue::push(const PublishedFrame::Ptr& frame) {
  const bool leaves_soon = !is_blocked() && options_->overflow != Overflow::drop_oldest;
  if (!leaves_soon || !entries().join(*frame.get())) entries().push(frame);
}

std::size_t SendQueue::gather(std::span<Bytes> pieces,
                              const Connection* connection) const noexcept {
  if (has_failed()) return 0;  // a reply to later input would stand behind bytes that were lost
  const Bytes newest = connection ? Bytes(connection->output().data()) : Bytes();
  if (!entries_) {
    if (newest.empty()) return 0;
    pieces[0] = newest;
    return 1;
  }
  std::size_t count = entries_->gather(pieces.first(pieces.size() - 1));
  if (!newest.empty() && count < pieces.size() - 1) pieces[count++] = newest;
  return count;
}

void SendQueue::consume(std::size_t size, std::size_t repeat, Connection* connection) {
  if (size > 0) drain_waits_ = false;
  if (entries_) {
    const std::size_t from_entries = std::min(size, entries_->size());
    entries_->consume(from_entries);
    size -= from_entries;
    entries_->pin(repeat);
    if (entries_->empty()) release();
  }
  if (size > 0) connection->output().consume(size);
}

void SendQueue::fail(Connection* connection) noexcept {
  if (has_failed()) return;
  const std::size_t lost = unsent(connection);
  release();
  if (connection != nullptr) connection->output().clear();
  account(connection);
  state_ = State::failed;
  drain_owed_ = false;
  amount_ = lost;
}

}  // namespace wirespan::net
