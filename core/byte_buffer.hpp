// byte_buffer.hpp - a growing queue of bytes whose memory is lent, never initialised needlessly.
#pragma once

#include <cassert>
#include <cstddef>
#include <utility>

#include <wirespan/core/block.hpp>
#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// First in, first out. An empty buffer owns no memory: the block is borrowed from the source by
/// the first byte and goes back with the last. Not thread-safe. The source must outlive the buffer.
class ByteBuffer {
 public:
  explicit ByteBuffer(const BlockSource& source = heap_blocks()) noexcept : source_(&source) {}
  ByteBuffer(ByteBuffer&& other) noexcept
      : block_(std::move(other.block_)), source_(other.source_) {}
  ByteBuffer& operator=(ByteBuffer&& other) noexcept;
  ~ByteBuffer() { clear(); }

  /// What has not been consumed. Borrowed: valid until the next call that is not const.
  [[nodiscard]] Bytes data() const noexcept { return block_ ? block_->used() : MutableBytes{}; }
  [[nodiscard]] MutableBytes data() noexcept { return block_ ? block_->used() : MutableBytes{}; }
  [[nodiscard]] std::size_t size() const noexcept { return data().size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  /// Room for `at_least` bytes at the end, not initialised; commit() makes it part of the data.
  /// Throws std::bad_alloc, and then nothing has changed.
  [[nodiscard]] MutableBytes prepare(std::size_t at_least) {
    if (!block_ || block_->room().size() < at_least) grow(at_least);
    return block_->room();
  }
  /// What prepare() would return without asking for memory; empty when idle.
  [[nodiscard]] MutableBytes room() noexcept { return block_ ? block_->room() : MutableBytes{}; }
  /// Requires size <= what prepare() returned.
  void commit(std::size_t size) noexcept {
    assert(block_ ? size <= block_->room().size() : size == 0);
    if (block_) block_->end += size;
  }
  /// Takes `size` bytes off the front; the last one gives the block back. Requires size <= size().
  void consume(std::size_t size) noexcept;
  /// Takes `size` bytes off the end. Requires size <= size().
  void drop_back(std::size_t size) noexcept;
  /// Throws std::bad_alloc, and then nothing has changed.
  void append(Bytes bytes);
  /// Forgets everything and gives the block back.
  void clear() noexcept;

  /// Memory held, in bytes; 0 when idle.
  [[nodiscard]] std::size_t capacity() const noexcept { return block_ ? block_->capacity() : 0; }
  /// Hands the block over with its data; the buffer is empty afterwards. Null when idle.
  [[nodiscard]] Block::Ptr release() noexcept { return std::move(block_); }
  [[nodiscard]] const BlockSource& source() const noexcept { return *source_; }

 private:
  void grow(std::size_t at_least);

  Block::Ptr block_;
  const BlockSource* source_;
};

}  // namespace wirespan
