// buffer_pool.hpp - the blocks that a loop lends to its connections, recycled by size.
#pragma once

#include <array>
#include <cstddef>

#include <wirespan/core/block.hpp>

namespace wirespan::net {

/// Blocks of 512 bytes (cut control frames), 16 KiB (output, most messages) and powers of two up to
/// 16 MiB. What comes back is kept up to a bound and lent again, so that a large message does not
/// get fresh pages, which the kernel would have to zero. Not thread-safe. Must outlive its blocks.
class BufferPool {
 public:
  /// `keep` bounds the memory that lies idle, in bytes.
  explicit BufferPool(std::size_t keep = std::size_t{16} << 20) noexcept : keep_(keep) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// At least `at_least` bytes. Throws std::bad_alloc.
  [[nodiscard]] Block::Ptr lend(std::size_t at_least);
  void take_back(Block::Ptr block) noexcept;
  /// This pool as core sees it; valid as long as the pool.
  [[nodiscard]] const BlockSource& source() const noexcept { return source_; }
  /// Bytes that lie idle here.
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
  std::array<Block*, class_count> free_{};
  std::size_t idle_ = 0;
  std::size_t keep_;
};

}  // namespace wirespan::net
