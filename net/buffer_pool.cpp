// buffer_pool.cpp - the size classes and free lists of the buffer pool.
#include <bit>
#include <utility>

#include <wirespan/net/buffer_pool.hpp>

namespace wirespan::net {
namespace {

constexpr std::size_t smallest = 512;
constexpr std::size_t second = std::size_t{16} << 10;

constexpr std::size_t capacity_of(std::size_t size_class) noexcept {
  return size_class == 0 ? smallest : second << (size_class - 1);
}

/// Returns the smallest size class that holds `size` bytes; class_count or more if none does.
constexpr std::size_t class_for(std::size_t size) noexcept {
  if (size <= smallest) return 0;
  if (size <= second) return 1;
  return static_cast<std::size_t>(std::bit_width((size - 1) / second)) + 1;
}
static_assert(class_for(512) == 0 && class_for(513) == 1 && class_for(second) == 1);
static_assert(class_for(second + 1) == 2 && capacity_of(2) == 2 * second);
static_assert(class_for(std::size_t{16} << 20) == 11 && capacity_of(11) == std::size_t{16} << 20);

}  // namespace

BufferPool::~BufferPool() {
  for (Block* list : free_) {
    while (list != nullptr) {
      const Block::Ptr block(std::exchange(list, list->next));
    }
  }
}

Block::Ptr BufferPool::lend(std::size_t at_least) {
  const std::size_t size_class = class_for(at_least);
  if (size_class >= class_count) return Block::allocate(at_least);
  if (Block* block = free_[size_class]) {
    free_[size_class] = std::exchange(block->next, nullptr);
    idle_ -= block->capacity();
    return Block::Ptr(block);
  }
  return Block::allocate(capacity_of(size_class));
}

void BufferPool::take_back(Block::Ptr block) noexcept {
  const std::size_t size_class = class_for(block->capacity());
  const bool fits = size_class < class_count && block->capacity() == capacity_of(size_class);
  if (!fits || idle_ + block->capacity() > keep_) return;
  block->begin = block->end = 0;
  idle_ += block->capacity();
  block->next = free_[size_class];
  free_[size_class] = block.release();
}

}  // namespace wirespan::net
