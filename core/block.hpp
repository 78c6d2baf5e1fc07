// block.hpp - a block of raw memory, and the interface of the buffer pool that lends it.
#pragma once

#include <cstddef>
#include <memory>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// A fixed-size run of uninitialised bytes, of which those from `begin` to `end` are in use. The
/// bytes follow the object in the same allocation, so an owner is one pointer wide. A block has one
/// owner at a time, its Ptr. A BlockSource lends it to a connection while there are bytes to keep,
/// and recycles or frees it afterwards. A block never grows: ByteBuffer moves its bytes to a larger
/// one. Not thread-safe.
class Block {
 public:
  /// Frees the block and its bytes, which are one allocation.
  struct Deleter {
    /// Frees it.
    void operator()(Block* block) const noexcept;
  };
  /// The owner.
  using Ptr = std::unique_ptr<Block, Deleter>;

  /// Returns a block of `capacity` bytes, none in use. Throws std::bad_alloc.
  [[nodiscard]] static Ptr allocate(std::size_t capacity);

  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  /// All bytes of the block; used(): those in use; room(): those after them.
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  [[nodiscard]] MutableBytes used() noexcept { return {bytes() + begin, end - begin}; }
  [[nodiscard]] MutableBytes room() noexcept { return {bytes() + end, capacity_ - end}; }

  // Invariant: begin <= end <= capacity().
  std::size_t begin = 0;  ///< First byte in use.
  std::size_t end = 0;    ///< One past the last byte in use.
  Block* next = nullptr;  ///< Link for a list of the owner's, such as a pool's free list.

 private:
  explicit Block(std::size_t capacity) noexcept : capacity_(capacity) {}
  ~Block() = default;

  std::size_t capacity_;
};

/// Interface of a buffer pool: two functions and their context. It must outlive its blocks.
struct BlockSource {
  /// Returns a block of at least `at_least` bytes. May throw std::bad_alloc, and nothing else.
  Block::Ptr (*lend)(void* context, std::size_t at_least) = nullptr;
  /// Takes a block back, to recycle or to free it.
  void (*take_back)(void* context, Block::Ptr block) noexcept = nullptr;
  void* context = nullptr;  ///< First argument of both functions.
};

/// Returns the source that allocates and frees each block, core's default without a buffer pool.
/// Any thread may use it.
[[nodiscard]] const BlockSource& heap_blocks() noexcept;

}  // namespace wirespan
