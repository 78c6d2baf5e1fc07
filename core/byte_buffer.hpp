// byte_buffer.hpp - a growing queue of bytes in memory that a buffer pool lends.
#pragma once

#include <cassert>
#include <cstddef>
#include <utility>

#include <wirespan/core/block.hpp>
#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// A growing byte queue, first in, first out, in one contiguous block. The first prepare() or
/// append() borrows the block from the source, and removing the last byte gives it back: an idle
/// buffer owns no memory and is two pointers wide. To grow, the buffer moves its bytes to the front
/// of the block, if at least as many were consumed there and that is room enough, otherwise to a
/// block of at least twice the size. New memory is not initialised. Not thread-safe. The source
/// must outlive the buffer.
class ByteBuffer {
 public:
  /// Makes an idle buffer; it borrows no block yet.
  explicit ByteBuffer(const BlockSource& source = heap_blocks()) noexcept : source_(&source) {}
  ByteBuffer(ByteBuffer&& other) noexcept
      : block_(std::move(other.block_)), source_(other.source_) {}
  ByteBuffer& operator=(ByteBuffer&& other) noexcept;
  ~ByteBuffer() { clear(); }

  /// Bytes that have not been consumed. Borrowed: valid until the next call that changes the
  /// buffer.
  [[nodiscard]] Bytes data() const noexcept { return block_ ? block_->used() : MutableBytes{}; }
  [[nodiscard]] MutableBytes data() noexcept { return block_ ? block_->used() : MutableBytes{}; }
  /// The number of those bytes.
  [[nodiscard]] std::size_t size() const noexcept { return data().size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  /// Returns room for `at_least` bytes or more at the end, not initialised; commit() makes it part
  /// of the data. Throws std::bad_alloc, and then nothing has changed.
  [[nodiscard]] MutableBytes prepare(std::size_t at_least) {
    if (!block_ || block_->room().size() < at_least) grow(at_least);
    return block_->room();
  }
  /// Returns the room that is there without asking for memory; empty when idle.
  [[nodiscard]] MutableBytes room() noexcept { return block_ ? block_->room() : MutableBytes{}; }
  /// Makes the first `size` bytes of the room part of the data. Requires size <= room().size().
  void commit(std::size_t size) noexcept {
    assert(block_ ? size <= block_->room().size() : size == 0);
    if (block_) block_->end += size;
  }
  /// Removes `size` bytes from the front; the last one gives the block back. Requires size <=
  /// size().
  void consume(std::size_t size) noexcept;
  /// Removes `size` bytes from the end; the last one gives the block back. Requires size <= size().
  void drop_back(std::size_t size) noexcept;
  /// Copies `bytes` to the end. Throws std::bad_alloc, and then nothing has changed.
  void append(Bytes bytes);
  /// Removes all bytes and gives the block back.
  void clear() noexcept;

  /// Bytes of memory held; 0 when idle.
  [[nodiscard]] std::size_t capacity() const noexcept { return block_ ? block_->capacity() : 0; }
  /// Hands the block over with its data; the buffer is empty afterwards. Null when idle.
  [[nodiscard]] Block::Ptr release() noexcept { return std::move(block_); }
  /// As given to the constructor.
  [[nodiscard]] const BlockSource& source() const noexcept { return *source_; }

 private:
  void grow(std::size_t at_least);

  Block::Ptr block_;  // null: idle, no data
  const BlockSource* source_;
};

}  // namespace wirespan
