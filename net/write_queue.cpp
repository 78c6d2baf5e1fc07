// write_queue.cpp - WriteQueue: owned, shared and borrowed output in the order of sending.
#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include <wirespan/net/write_queue.hpp>

namespace wirespan::net {
namespace {

/// Nodes kept for later entries. The bound lets a queue that was long once become small again.
constexpr std::size_t most_spare_entries = 64;
/// Largest frame that join() copies, and size of the block that it copies into.
constexpr std::size_t small_frame = 128;
constexpr std::size_t joint_block = 512;
/// Size from which BufferPool's blocks are at most twice as large as asked for.
constexpr std::size_t fits_source = std::size_t{16} << 10;

bool is_joinable(const PublishedFrame& frame) noexcept {
  return frame.bytes().size() <= small_frame && frame.key().empty();
}

/// Copies into an empty block that is large enough.
Block::Ptr copy_to(Block::Ptr block, Bytes bytes) {
  if (!bytes.empty()) std::memcpy(block->bytes(), bytes.data(), bytes.size());
  block->end = bytes.size();
  return block;
}

/// Returns a copy in a block of exactly its size. The block comes from the heap, not from the
/// source: for a peer that does not read, each small message would hold one of the source's large
/// blocks.
Block::Ptr copy_of(Bytes bytes) { return copy_to(Block::allocate(bytes.size()), bytes); }

}  // namespace

void WriteQueue::make_room_for(std::size_t entries) {
  while (spare_.size() < entries) spare_.emplace_back();
}

WriteQueue::Entry& WriteQueue::append(Entry entry) {
  make_room_for(1);
  entries_.splice(entries_.end(), spare_, spare_.begin());
  entries_.back() = std::move(entry);
  size_ += entries_.back().rest().size();
  return entries_.back();
}

/// Returns a copy of what a write has left. A long one lies in a block of the source, which is half
/// full at least and is recycled.
Block::Ptr WriteQueue::copy_of_rest(Bytes rest) {
  return rest.size() < fits_source ? copy_of(rest) : copy_to(lend(rest.size()), rest);
}

/// Returns the block, or a copy if it is less than half full: memory held must stay close to the
/// bytes counted. Without memory for a copy the block is kept as it is.
Block::Ptr WriteQueue::fitting(Block::Ptr block) noexcept {
  if (block->used().size() >= block->capacity() / 2) return block;
  try {
    Block::Ptr copy = copy_of_rest(block->used());
    blocks_->take_back(blocks_->context, std::move(block));
    return copy;
  } catch (const std::bad_alloc&) {
    return block;
  }
}

void WriteQueue::push(Block::Ptr block) {
  if (block) append({.block = fitting(std::move(block)), .frame = {}});
}

void WriteQueue::push_message(Bytes message) {
  append({.block = copy_of(message), .frame = {}, .droppable = true});
}

void WriteQueue::push(PublishedFrame::Ptr frame) {
  const std::string_view key = frame->key();  // lives in the frame, which the entry keeps
  by_key_.erase(key);                         // the key of an older entry dies with its frame
  append({.block = {}, .frame = std::move(frame), .droppable = true});
  if (!key.empty()) by_key_.emplace(key, std::prev(entries_.end()));
}

void WriteQueue::push_borrowed(Bytes frame) {
  append({.block = {}, .frame = {}, .borrowed = frame});
  has_borrowed_ = true;
}

void WriteQueue::push_borrowed(const FrameHead& head, Bytes payload) {
  Block::Ptr block = copy_to(lend(joint_block), head.bytes());
  make_room_for(2);  // both entries or none
  append({.block = std::move(block), .frame = {}});
  push_borrowed(payload);
}

void WriteQueue::own() {
  if (!std::exchange(has_borrowed_, false)) return;
  for (Entry& entry : entries_) {
    if (entry.borrowed.empty()) continue;
    entry.block = copy_of_rest(entry.rest());
    entry.borrowed = {};
    entry.sent = 0;
  }
}

void WriteQueue::adopt(Block::Ptr block) {
  const auto lies_there = [start = block->used().data()](const Entry& entry) {
    return entry.borrowed.data() == start;
  };
  const auto last = std::find_if(entries_.rbegin(), entries_.rend(), lies_there);
  if (last == entries_.rend()) return blocks_->take_back(blocks_->context, std::move(block));
  last->block = fitting(std::move(block));
  last->borrowed = {};
}

bool WriteQueue::join(const PublishedFrame& frame) {
  if (entries_.empty() || pinned_ > 0 || !is_joinable(frame)) return false;
  Entry& last = entries_.back();
  if (!last.joins && !copy_to_block(last)) return false;
  const Bytes bytes = frame.bytes();
  if (last.block->room().size() < bytes.size()) return false;
  std::memcpy(last.block->room().data(), bytes.data(), bytes.size());
  last.block->end += bytes.size();
  size_ += bytes.size();
  return true;
}

/// Turns a lone small frame into an owned block that join() can append to. A frame that no second
/// one follows stays shared.
bool WriteQueue::copy_to_block(Entry& entry) {
  if (!entry.frame || entry.sent > 0 || !is_joinable(*entry.frame.get())) return false;
  Block::Ptr block = copy_to(lend(joint_block), entry.frame->bytes());
  entry = Entry{.block = std::move(block), .frame = {}, .joins = true};
  return true;
}

Block::Ptr WriteQueue::lend(std::size_t size) { return blocks_->lend(blocks_->context, size); }

std::size_t WriteQueue::replaceable(const PublishedFrame& frame) const noexcept {
  if (frame.key().empty()) return 0;
  const auto found = by_key_.find(frame.key());
  const bool is_there = found != by_key_.end() && is_untouched(found->second);
  return is_there ? found->second->rest().size() : 0;
}

bool WriteQueue::replace(const PublishedFrame::Ptr& frame) {
  if (frame->key().empty()) return false;
  const auto found = by_key_.find(frame->key());
  if (found == by_key_.end() || !is_untouched(found->second)) return false;
  auto node = by_key_.extract(found);
  Entry& entry = *node.mapped();
  size_ -= entry.rest().size();
  entry.frame = frame;
  size_ += entry.rest().size();
  node.key() = entry.frame->key();  // the old key dies with its frame
  by_key_.insert(std::move(node));
  return true;
}

/// True if no byte of the entry was written and TLS does not need it again unchanged.
bool WriteQueue::is_untouched(Entries::const_iterator entry) const noexcept {
  if (entry->sent > 0) return false;
  std::size_t before = 0;
  for (auto other = entries_.begin(); other != entry && before < pinned_; ++other) {
    before += other->rest().size();
  }
  return before >= pinned_;
}

std::size_t WriteQueue::drop_oldest() {
  std::size_t before = 0;
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    const std::size_t size = entry->rest().size();
    if (entry->may_be_dropped() && before >= pinned_) {
      remove(entry);
      return size;
    }
    before += size;
  }
  return 0;
}

bool WriteQueue::can_drop(std::size_t bytes) const noexcept {
  std::size_t before = 0;
  std::size_t found = 0;
  for (auto entry = entries_.begin(); entry != entries_.end() && found < bytes; ++entry) {
    const std::size_t size = entry->rest().size();
    if (entry->may_be_dropped() && before >= pinned_) found += size + entry_overhead;
    before += size;
  }
  return found >= bytes;
}

std::size_t WriteQueue::gather(std::span<Bytes> pieces) const noexcept {
  std::size_t count = 0;
  for (auto entry = entries_.begin(); entry != entries_.end() && count < pieces.size(); ++entry) {
    pieces[count++] = entry->rest();
  }
  return count;
}

void WriteQueue::consume(std::size_t size) noexcept {
  pinned_ -= std::min(pinned_, size);
  while (size > 0) {
    Entry& first = entries_.front();
    const std::size_t here = std::min(size, first.rest().size());
    if (here == first.rest().size()) {
      remove(entries_.begin());
    } else {
      first.sent += here;
      size_ -= here;
    }
    size -= here;
  }
}

void WriteQueue::remove(Entries::iterator entry) noexcept {
  size_ -= entry->rest().size();
  if (entry->frame && !entry->frame->key().empty()) {
    const auto found = by_key_.find(entry->frame->key());
    if (found != by_key_.end() && found->second == entry) by_key_.erase(found);
  }
  if (entry->block) blocks_->take_back(blocks_->context, std::move(entry->block));
  *entry = Entry();
  if (spare_.size() < most_spare_entries) {
    spare_.splice(spare_.end(), entries_, entry);
  } else {
    entries_.erase(entry);
  }
}

void WriteQueue::clear() noexcept {
  while (!entries_.empty()) remove(entries_.begin());
  pinned_ = 0;
  has_borrowed_ = false;
}

std::unique_ptr<WriteQueue> WriteQueuePool::lend() {
  if (idle_.empty()) {
    idle_.reserve(keep);  // so that take_back() needs no memory
    return std::make_unique<WriteQueue>(*blocks_);
  }
  auto queue = std::move(idle_.back());
  idle_.pop_back();
  return queue;
}

void WriteQueuePool::take_back(std::unique_ptr<WriteQueue> queue) noexcept {
  queue->clear();
  if (idle_.size() < keep) idle_.push_back(std::move(queue));
}

}  // namespace wirespan::net
