// block.hpp - raw memory that is lent to a connection while it has bytes to keep, and given back.
#pragma once

#include <cstddef>
#include <memory>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// A run of uninitialised bytes with a begin and an end of what is in use. The bytes follow the
/// object in the same allocation, so an owner is one pointer wide.
class Block {
 public:
  struct Deleter {
    void operator()(Block* block) const noexcept;
  };
  using Ptr = std::unique_ptr<Block, Deleter>;

  /// Throws std::bad_alloc.
  [[nodiscard]] static Ptr allocate(std::size_t capacity);

  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  [[nodiscard]] MutableBytes used() noexcept { return {bytes() + begin, end - begin}; }
  [[nodiscard]] MutableBytes room() noexcept { return {bytes() + end, capacity_ - end}; }

  std::size_t begin = 0;  ///< First byte in use.
  std::size_t end = 0;    ///< One past the last byte in use.
  Block* next = nullptr;  ///< For the lists of whoever owns the block.

 private:
  explicit Block(std::size_t capacity) noexcept : capacity_(capacity) {}
  ~Block() = default;

  std::size_t capacity_;
};

/// Where blocks come from. Lends at least what was asked for; the lender must outlive its blocks.
struct BlockSource {
  /// May throw std::bad_alloc, and nothing else.
  Block::Ptr (*lend)(void* context, std::size_t at_least) = nullptr;
  void (*take_back)(void* context, Block::Ptr block) noexcept = nullptr;
  void* context = nullptr;
};

/// A source that allocates and frees. Any thread. It serves core when no pool is given.
[[nodiscard]] const BlockSource& heap_blocks() noexcept;

}  // namespace wirespan
