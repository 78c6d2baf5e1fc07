// buffer_pool.hpp - the buffer pool of a loop: blocks lent to its connections, recycled by size.
#pragma once

#include <array>
#include <cstddef>

#include <wirespan/core/block.hpp>

namespace wirespan::net {

/// Recycles blocks of 512 bytes (control frames cut by a read, small frames), 16 KiB (output, most
/// messages) and powers of two up to 16 MiB. A block that comes back is kept, up to a bound, and
/// lent again, so that a large message does not get fresh pages, which the kernel would have to
/// zero. Larger blocks are allocated and freed each time. Not thread-safe. Must outlive its blocks.
class BufferPool {
 public:
  /// `keep` bounds the memory of idle blocks, in bytes; 0: every block is freed when it comes back.
  explicit BufferPool(std::size_t keep = std::size_t{16} << 20) noexcept : keep_(keep) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// Returns a block of at least `at_least` bytes, an idle one if there is one of that size class.
  /// Throws std::bad_alloc.
  [[nodiscard]] Block::Ptr lend(std::size_t at_least);
  /// Keeps the block for a later lend(); frees it if it has no size of a class or exceeds `keep`.
  void take_back(Block::Ptr block) noexcept;
  /// This pool as a BlockSource for core; valid as long as the pool.
  [[nodiscard]] const BlockSource& source() const noexcept { return source_; }
  /// Bytes of idle blocks.
  [[nodiscard]] std::size_t idle() const noexcept { return idle_; }

 private:
  static constexpr std::size_t class_count = 12;

  BlockSource source_{
      .lend = [](void* pool,
                 std::size_t at_least) { return static_cast<BufferPool*>(pool)->lend(at_least); },
      .take_back =
          [](void* pool, Block::Ptr block) noexcept {
            static_cast<BufferPool*>(pool)->take_back(std::move(block));
          },
      .context = this};
  std::array<Block*, class_count> free_{};  // per size class: idle blocks, linked by Block::next
  std::size_t idle_ = 0;                    // capacity of all blocks in free_; at most keep_
  std::size_t keep_;
};

}  // namespace wirespan::net
