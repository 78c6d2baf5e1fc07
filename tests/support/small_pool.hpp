// small_pool.hpp - a buffer pool that lends the same blocks again, as a loop's pool does.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include <wirespan/core/block.hpp>

namespace wirespan::test {

/// A BlockSource with a free list of blocks of 16 KiB; larger ones come from the heap and return to
/// it.
class SmallPool {
 public:
  ~SmallPool() {
    while (free_ != nullptr) Block::Ptr(std::exchange(free_, free_->next)).reset();
  }
  [[nodiscard]] const BlockSource& source() const noexcept { return source_; }

 private:
  static constexpr std::size_t block_size = 16384;

  static Block::Ptr lend(void* context, std::size_t at_least) {
    auto& self = *static_cast<SmallPool*>(context);
    if (at_least > block_size || self.free_ == nullptr) {
      return Block::allocate(std::max(at_least, block_size));
    }
    return Block::Ptr(std::exchange(self.free_, self.free_->next));
  }
  static void take_back(void* context, Block::Ptr block) noexcept {
    auto& self = *static_cast<SmallPool*>(context);
    if (block->capacity() != block_size) return;
    block->next = self.free_;
    self.free_ = block.release();
  }

  Block* free_ = nullptr;
  BlockSource source_{.lend = &lend, .take_back = &take_back, .context = this};
};

}  // namespace wirespan::test
