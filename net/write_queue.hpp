// write_queue.hpp - what waits in front of a connection's newest output, message by message.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <wirespan/core/block.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/frame.hpp>
#include <wirespan/core/published_frame.hpp>

namespace wirespan::net {

/// Owned blocks, shared frames and borrowed bytes in the order of sending. A channel has one only
/// while it has published frames, messages to send in place or a backlog. Not thread-safe.
class WriteQueue {
 public:
  /// The source must outlive the queue.
  explicit WriteQueue(const BlockSource& blocks) noexcept : blocks_(&blocks) {}
  ~WriteQueue() { clear(); }
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  /// Bytes that wait.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Bytes of memory that they keep, roughly: what an entry takes beside its bytes is counted, or a
  /// million tiny messages would be held for the price of their bytes.
  [[nodiscard]] std::size_t held() const noexcept {
    return size_ + entries_.size() * entry_overhead;
  }
  static constexpr std::size_t entry_overhead = 128;

  /// So many of the next entries need no memory for themselves. Throws std::bad_alloc.
  void make_room_for(std::size_t entries);
  /// Encoded frames, one or many, that have to leave.
  void push(Block::Ptr block);
  /// One whole message, copied to its size, that may be dropped to make room.
  void push_message(Bytes message);
  void push(PublishedFrame::Ptr frame);
  /// Bytes of somebody else, who keeps them until own() is called or they have left.
  void push_borrowed(Bytes frame);
  /// A frame whose payload is borrowed; the header is copied.
  void push_borrowed(const FrameHead& head, Bytes payload);
  /// Copies what was borrowed and has not left.
  void own();
  /// Takes over the block that something borrowed lies in, nothing of which has left; where there
  /// is no such thing, the block goes back.
  void adopt(Block::Ptr block);
  /// Copies the frame to the end of those before it, if all of them are small and none has a key:
  /// many tiny pieces cost a write more than their bytes do. Then they are dropped or replaced no
  /// more. False: push() it.
  [[nodiscard]] bool join(const PublishedFrame& frame);
  /// Puts the frame in the place of an unsent one with the same key. False if there is none.
  [[nodiscard]] bool replace(const PublishedFrame::Ptr& frame);
  /// Forgets the oldest message of which nothing has left; its size, or 0 if there is none.
  [[nodiscard]] std::size_t drop_oldest();

  /// The beginning of what waits; returns how many of `pieces` it has filled.
  [[nodiscard]] std::size_t gather(std::span<Bytes> pieces) const noexcept;
  /// So many bytes have left, or are no longer ours to change. Requires size <= size().
  void consume(std::size_t size) noexcept;
  /// The first so many bytes will be asked for again as they are (TLS): they stay.
  void pin(std::size_t size) noexcept { pinned_ = size; }
  void clear() noexcept;

 private:
  struct Entry {
    Block::Ptr block;           // owned bytes, or
    PublishedFrame::Ptr frame;  // shared ones, or
    Bytes borrowed{};
    std::size_t sent = 0;  // bytes of it that have left
    bool droppable = false;
    bool joins = false;  // copies of small frames; there may be room for more

    [[nodiscard]] Bytes rest() const noexcept {
      const Bytes whole = block ? Bytes(block->used()) : frame ? frame->bytes() : borrowed;
      return whole.subspan(sent);
    }
  };
  using Entries = std::list<Entry>;

  Entry& append(Entry entry);
  [[nodiscard]] Block::Ptr in_small_block(Bytes bytes);
  [[nodiscard]] Block::Ptr fitting(Block::Ptr block) noexcept;
  void remove(Entries::iterator entry) noexcept;
  [[nodiscard]] bool copy_to_block(Entry& entry);
  [[nodiscard]] bool is_untouched(Entries::const_iterator entry) const noexcept;

  const BlockSource* blocks_;
  Entries entries_;
  Entries spare_;  // nodes to use again
  std::unordered_map<std::string_view, Entries::iterator> by_key_;
  std::size_t size_ = 0;
  std::size_t pinned_ = 0;
  bool has_borrowed_ = false;
};

/// Queues of a loop that wait to be used again. Not thread-safe.
class WriteQueuePool {
 public:
  explicit WriteQueuePool(const BlockSource& blocks) noexcept : blocks_(&blocks) {}
  [[nodiscard]] const BlockSource& blocks() const noexcept { return *blocks_; }
  /// Throws std::bad_alloc.
  [[nodiscard]] std::unique_ptr<WriteQueue> lend();
  void take_back(std::unique_ptr<WriteQueue> queue) noexcept;

 private:
  static constexpr std::size_t keep = 1024;
  const BlockSource* blocks_;
  std::vector<std::unique_ptr<WriteQueue>> idle_;
};

}  // namespace wirespan::net
