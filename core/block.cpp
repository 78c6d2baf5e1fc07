// block.cpp - allocates blocks, and the source of blocks that serves core without a buffer pool.
#include <new>
#include <utility>

#include <wirespan/core/block.hpp>

namespace wirespan {

void Block::Deleter::operator()(Block* block) const noexcept {
  block->~Block();
  ::operator delete(static_cast<void*>(block));
}

Block::Ptr Block::allocate(std::size_t capacity) {
  void* memory = ::operator new(sizeof(Block) + capacity);
  return Ptr(new (memory) Block(capacity));
}

const BlockSource& heap_blocks() noexcept {
  static constexpr BlockSource source{
      .lend = [](void*, std::size_t at_least) { return Block::allocate(at_least); },
      .take_back = [](void*, Block::Ptr block) noexcept { block.reset(); },
      .context = nullptr,
  };
  return source;
}

}  // namespace wirespan
