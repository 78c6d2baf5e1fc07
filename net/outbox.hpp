// outbox.hpp - the outbox of a connection: messages of other threads on their way to its loop.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan::net {

/// A queue of copied messages, first in, first out. Records lie one after the other in chunks of
/// 512 bytes to 256 KiB (more for one large message), so there is no allocation for each message
/// and growth moves nothing; a chunk is freed when its last record is popped. Not thread-safe.
class MessageLog {
 public:
  /// A message; in push() and front() its payload is borrowed.
  struct Message {
    Opcode opcode = Opcode::text;             ///< text, binary, ping or pong.
    Compress compress = Compress::if_agreed;  ///< Whether a codec may compress it.
    std::uint32_t batch = 0;  ///< Number of its batch; MessageLog only stores it, for Remote.
    Bytes payload;            ///< As the caller gave it.
    std::string_view
        key{};  ///< Conflation key of at most 65,535 bytes; empty: none. Borrowed, too.
  };
  /// Bytes counted for a message beside its payload and its key: the record's head.
  static constexpr std::size_t overhead = 16;

  /// True without a message.
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  /// Number of messages.
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  /// Appends a copy. Throws std::bad_alloc, and then nothing has changed.
  void push(const Message& message);
  /// Returns the oldest message, borrowed until pop(). Requires !empty().
  [[nodiscard]] Message front() const noexcept;
  /// Removes the oldest message. Requires !empty().
  void pop() noexcept;
  /// Batch of the newest message. Requires !empty().
  [[nodiscard]] std::uint32_t last_batch() const noexcept { return last_batch_; }
  /// Drops all messages.
  void clear() noexcept;
  /// Exchanges the messages.
  void swap(MessageLog& other) noexcept;

 private:
  struct Chunk {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t capacity = 0;
    std::size_t begin = 0;  // of the oldest record
    std::size_t end = 0;    // of the newest record
  };

  [[nodiscard]] Chunk& chunk_for(std::size_t size);
  [[nodiscard]] static Message read(const std::byte* place) noexcept;

  std::vector<Chunk> chunks_;
  std::size_t first_ = 0;  // index of the chunk of the oldest record; those before it are freed
  std::size_t count_ = 0;
  std::uint32_t last_batch_ = 0;
};

/// The outbox of one connection: the messages that other threads have sent and the loop has not.
/// Remote creates it for the first such message and recycles it when it is empty or the connection
/// has ended; RemoteAccount owns it in between. A field that is not atomic is guarded by the mutex
/// of the Remote, or belongs to the loop's thread ("the loop's"). See remote.hpp.
struct Outbox {
  MessageLog waiting;                   ///< Guarded: messages that the loop has not taken.
  MessageLog taken;                     ///< The loop's: the messages that it sends next.
  std::atomic<std::size_t> held{0};     ///< Bytes in both logs, overhead included.
  std::atomic<std::size_t> payload{0};  ///< Payload bytes in both logs.
  std::size_t lost = 0;                 ///< The loop's: payload bytes that could not be sent.
  bool is_listed = false;               ///< Guarded: on the Remote's list of outboxes to drain.
  bool owes_drain = false;              ///< Guarded: a message was refused; on_drained() is owed.
  bool overflowed = false;              ///< Guarded: the connection is to be closed with 1013.
  bool overflow_told = false;           ///< The loop's: it knows of `overflowed`.
  bool is_draining = false;             ///< The loop's: inside Remote::drain_account().
  bool is_orphan = false;               ///< The loop's: its connection ended while it was drained.

  /// Makes the outbox as new, for another connection.
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
