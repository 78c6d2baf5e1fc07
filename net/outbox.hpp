// outbox.hpp - messages of other threads on their way to the loop of one connection.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan::net {

/// Records in the order of the calls, in chunks: nothing is allocated for each, nothing moves when
/// it grows, and a chunk is freed as soon as its last record is gone. Not thread-safe.
class MessageLog {
 public:
  struct Message {
    Opcode opcode = Opcode::text;
    Compress compress = Compress::if_agreed;
    std::uint32_t batch = 0;  ///< The owner's number.
    Bytes payload;
  };
  /// Bytes that a message is counted with beside its payload.
  static constexpr std::size_t overhead = 16;

  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  /// Messages.
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  /// Throws std::bad_alloc, and then nothing has changed.
  void push(const Message& message);
  /// The oldest message, borrowed until pop(). Requires !empty().
  [[nodiscard]] Message front() const noexcept;
  void pop() noexcept;
  /// The batch of the newest message. Requires !empty().
  [[nodiscard]] std::uint32_t last_batch() const noexcept { return last_batch_; }
  void clear() noexcept;
  void swap(MessageLog& other) noexcept;

 private:
  struct Chunk {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t capacity = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  [[nodiscard]] Chunk& chunk_for(std::size_t size);
  [[nodiscard]] static Message read(const std::byte* place) noexcept;

  std::vector<Chunk> chunks_;
  std::size_t first_ = 0;  // chunks before it are freed
  std::size_t count_ = 0;
  std::uint32_t last_batch_ = 0;
};

/// What Remote keeps for one connection while other threads send to it. See remote.hpp for who may
/// touch what.
struct Outbox {
  MessageLog waiting;                   ///< Guarded by the mutex of the Remote.
  MessageLog taken;                     ///< The loop's: its next messages.
  std::atomic<std::size_t> held{0};     ///< Bytes of both, overhead included.
  std::atomic<std::size_t> payload{0};  ///< Bytes of both, as the callers counted them.
  std::size_t lost = 0;                 ///< The loop's: payload that could not be sent.
  bool is_listed = false;               ///< Guarded: the loop will look here.
  bool owes_drain = false;              ///< Guarded: something was refused.
  bool overflowed = false;              ///< Guarded: the connection is closed with 1013.
  bool overflow_told = false;           ///< The loop's: and the loop knows.
  bool is_draining = false;             ///< The loop's.
  bool is_orphan = false;               ///< The loop's: its connection ended while it was drained.

  /// As new, for another connection.
  void reset() noexcept {
    waiting.clear();
    taken.clear();
    held.store(0, std::memory_order_relaxed);
    payload.store(0, std::memory_order_relaxed);
    lost = 0;
    is_listed = owes_drain = overflowed = overflow_told = is_draining = is_orphan = false;
  }
};

}  // namespace wirespan::net
