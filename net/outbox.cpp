// outbox.cpp - the message log: records in chunks that grow fourfold.
#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include <wirespan/net/outbox.hpp>

namespace wirespan::net {
namespace {

constexpr std::size_t smallest_chunk = 512;
/// Chunks grow fourfold up to this size; a burst of 300 MB takes some 1,200 of them.
constexpr std::size_t largest_chunk = std::size_t{256} << 10;

/// Precedes each key and payload in a chunk, unaligned: read and written by memcpy.
struct RecordHead {
  std::uint64_t size = 0;
  std::uint32_t batch = 0;
  Opcode opcode = Opcode::text;
  Compress compress = Compress::if_agreed;
  std::uint16_t key_size = 0;
};
static_assert(sizeof(RecordHead) == MessageLog::overhead);

RecordHead head_at(const std::byte* place) noexcept {
  RecordHead head;
  std::memcpy(&head, place, sizeof head);
  return head;
}

}  // namespace

MessageLog::Chunk& MessageLog::chunk_for(std::size_t size) {
  if (!empty() && chunks_.back().capacity - chunks_.back().end >= size) return chunks_.back();
  if (empty()) clear();
  const std::size_t last = chunks_.empty() ? smallest_chunk / 4 : chunks_.back().capacity;
  const std::size_t usual = std::clamp(last * 4, smallest_chunk, largest_chunk);
  const std::size_t capacity = std::max(usual, size);
  chunks_.push_back(
      {.bytes = std::make_unique_for_overwrite<std::byte[]>(capacity), .capacity = capacity});
  return chunks_.back();
}

void MessageLog::push(const Message& message) {
  const std::size_t size = message.payload.size();
  const std::size_t key_size = message.key.size();
  assert(key_size <= UINT16_MAX);
  Chunk& chunk = chunk_for(sizeof(RecordHead) + key_size + size);
  const RecordHead head{.size = size,
                        .batch = message.batch,
                        .opcode = message.opcode,
                        .compress = message.compress,
                        .key_size = static_cast<std::uint16_t>(key_size)};
  std::byte* place = chunk.bytes.get() + chunk.end;
  std::memcpy(place, &head, sizeof head);
  place += sizeof head;
  if (key_size > 0) std::memcpy(place, message.key.data(), key_size);
  if (size > 0) std::memcpy(place + key_size, message.payload.data(), size);
  chunk.end += sizeof head + key_size + size;
  ++count_;
  last_batch_ = message.batch;
}

MessageLog::Message MessageLog::read(const std::byte* place) noexcept {
  const RecordHead head = head_at(place);
  const std::byte* const key = place + sizeof head;
  return {.opcode = head.opcode,
          .compress = head.compress,
          .batch = head.batch,
          .payload = Bytes(key + head.key_size, static_cast<std::size_t>(head.size)),
          .key = wire_text(Bytes(key, head.key_size))};
}

MessageLog::Message MessageLog::front() const noexcept {
  return read(chunks_[first_].bytes.get() + chunks_[first_].begin);
}

void MessageLog::pop() noexcept {
  Chunk& chunk = chunks_[first_];
  --count_;
  const RecordHead head = head_at(chunk.bytes.get() + chunk.begin);
  chunk.begin += sizeof head + head.key_size + static_cast<std::size_t>(head.size);
  if (chunk.begin < chunk.end) return;
  chunk.bytes.reset();
  ++first_;
}

void MessageLog::clear() noexcept {
  chunks_.clear();
  first_ = 0;
  count_ = 0;
}

void MessageLog::swap(MessageLog& other) noexcept {
  chunks_.swap(other.chunks_);
  std::swap(first_, other.first_);
  std::swap(count_, other.count_);
  std::swap(last_batch_, other.last_batch_);
}

}  // namespace wirespan::net
