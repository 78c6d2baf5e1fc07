// byte_buffer.cpp - growth of a ByteBuffer, and the return of its block.
#include <algorithm>
#include <cassert>
#include <cstring>

#include <wirespan/core/byte_buffer.hpp>

namespace wirespan {

ByteBuffer& ByteBuffer::operator=(ByteBuffer&& other) noexcept {
  if (this != &other) {
    clear();
    block_ = std::move(other.block_);
    source_ = other.source_;
  }
  return *this;
}

void ByteBuffer::consume(std::size_t size) noexcept {
  assert(size <= this->size());
  if (!block_) return;
  block_->begin += size;
  if (block_->begin == block_->end) clear();
}

void ByteBuffer::drop_back(std::size_t size) noexcept {
  assert(size <= this->size());
  if (!block_) return;
  block_->end -= size;
  if (block_->begin == block_->end) clear();
}

void ByteBuffer::append(Bytes bytes) {
  if (bytes.empty()) return;
  std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

void ByteBuffer::clear() noexcept {
  if (!block_) return;
  block_->begin = block_->end = 0;
  source_->take_back(source_->context, std::move(block_));
}

void ByteBuffer::grow(std::size_t at_least) {
  const MutableBytes used = data();
  if (block_ && block_->capacity() - used.size() >= at_least && used.size() <= block_->begin) {
    std::memcpy(block_->bytes(), used.data(), used.size());
    block_->begin = 0;
    block_->end = used.size();
    return;
  }
  const std::size_t wanted = used.size() + at_least;
  const std::size_t doubled = block_ ? std::max(wanted, 2 * block_->capacity()) : wanted;
  Block::Ptr larger = source_->lend(source_->context, doubled);
  if (!used.empty()) std::memcpy(larger->bytes(), used.data(), used.size());
  larger->begin = 0;
  larger->end = used.size();
  clear();
  block_ = std::move(larger);
}

}  // namespace wirespan
