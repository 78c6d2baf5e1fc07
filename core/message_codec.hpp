// message_codec.hpp - the hook for an extension that transforms messages. RFC 6455 §9, RFC 7692 §6.
#pragma once

#include <cstddef>
#include <system_error>

#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/expected.hpp>

namespace wirespan {

/// Belongs to one connection. It turns bytes into bytes; limits, UTF-8 and frames are judged by
/// those who judge them for plain messages. Throws nothing but std::bad_alloc.
class MessageCodec {
 public:
  MessageCodec() = default;
  MessageCodec(const MessageCodec&) = delete;
  MessageCodec& operator=(const MessageCodec&) = delete;
  virtual ~MessageCodec() = default;

  // Messages from the peer, those with RSV1.

  struct Decoded {
    std::size_t size = 0;   ///< Bytes written to the room.
    bool more = false;      ///< The room is full: call again with the rest of `in` and more room.
    std::error_code error;  ///< The codec is of no further use.
  };
  /// Takes bytes off the front of `in` and writes what they stand for to `room`, which must not be
  /// empty. `last`: the message ends with `in`; when there is no more, it was whole.
  [[nodiscard]] virtual Decoded decode(Bytes& in, bool last, MutableBytes room) = 0;
  /// Bytes that the message under way has been decoded to; 0 between messages.
  [[nodiscard]] virtual std::size_t decoded_size() const noexcept = 0;

  // Our messages. What encode() made is either committed, when its frame is in the output, or
  // rolled back; the codec goes on in any case.

  /// Whether a message with a first part of this size is worth encoding.
  [[nodiscard]] virtual bool is_worth(std::size_t first_part_size) const noexcept = 0;
  /// Encodes a part into the empty buffer `out`. False, with nothing to commit: the message is
  /// whole and better sent as it is.
  [[nodiscard]] virtual Expected<bool> encode(Bytes part, bool first, bool fin,
                                              ByteBuffer& out) = 0;
  virtual void commit(Bytes part, bool fin) noexcept = 0;
  virtual void roll_back() noexcept = 0;

  /// Bytes of memory that the connection owns, or has been lent, for this.
  [[nodiscard]] virtual std::size_t memory() const noexcept = 0;
};

}  // namespace wirespan
