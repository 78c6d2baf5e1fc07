// message_codec.hpp - the interface of an extension that transforms messages. RFC 6455 §9, RFC 7692
// §6.
#pragma once

#include <cstddef>
#include <system_error>

#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/expected.hpp>
#include <wirespan/core/published_frame.hpp>

namespace wirespan {

/// Codec of one Connection, which owns it and drops it after the peer's Close or a failure.
/// It turns bytes into bytes, one message at a time in each direction, the two independent of each
/// other. Limits, UTF-8 and frames are checked by MessageAssembler and Connection, as for
/// uncompressed messages. Not thread-safe. Throws nothing but std::bad_alloc.
class MessageCodec {
 public:
  MessageCodec() = default;
  MessageCodec(const MessageCodec&) = delete;
  MessageCodec& operator=(const MessageCodec&) = delete;
  virtual ~MessageCodec() = default;

  // Compressed messages from the peer: those with RSV1.

  /// Result of one call of decode().
  struct Decoded {
    std::size_t size = 0;   ///< Bytes written to `room`.
    bool more = false;      ///< `room` is full: call again with the rest of `in` and more room.
    std::error_code error;  ///< If set, the codec is of no further use.
  };
  /// Takes bytes off the front of `in` and writes the bytes they decode to into `room`, which must
  /// not be empty. `last`: the message ends with `in`; the call that then returns `more` false has
  /// found it complete.
  [[nodiscard]] virtual Decoded decode(Bytes& in, bool last, MutableBytes room) = 0;
  /// Returns the bytes that the message under way has been decoded to; 0 between messages.
  [[nodiscard]] virtual std::size_t decoded_size() const noexcept = 0;
  /// Returns the size that a message with a payload of `payload_size` bytes is likely to have,
  /// judged by earlier ones: in as much room decode() is fastest. 0: any room is as good.
  [[nodiscard]] virtual std::size_t likely_size(
      [[maybe_unused]] std::size_t payload_size) const noexcept {
    return 0;
  }

  // Our messages. After encode() returned true or failed, the caller either calls commit(), once
  // the frame is in the output, or roll_back(); the codec can be used on in both cases.

  /// True if a message whose first part has this size is worth encoding.
  [[nodiscard]] virtual bool is_worth(std::size_t first_part_size) const noexcept = 0;
  /// Encodes a part into the empty buffer `out`. Returns false, with nothing to commit or roll
  /// back, if the part is a whole message and better sent as it is.
  [[nodiscard]] virtual Expected<bool> encode(Bytes part, bool first, bool fin,
                                              ByteBuffer& out) = 0;
  /// Tells that the frame of this part is in the output: later messages may refer to it.
  virtual void commit(Bytes part, bool fin) noexcept = 0;
  /// Tells that the part was not sent: later messages will not refer to it.
  virtual void roll_back() noexcept = 0;
  /// Returns the form of a published message to send instead of it: the same for all connections
  /// that agreed on the same, made once. `frame` itself if it is better sent as it is. Between
  /// messages only; later ones refer to no earlier one. Throws std::bad_alloc.
  [[nodiscard]] virtual PublishedFrame::Ptr published(const PublishedFrame::Ptr& frame) {
    return frame;
  }

  /// Returns the bytes of memory that the codec owns or has been lent.
  [[nodiscard]] virtual std::size_t memory() const noexcept = 0;
};

}  // namespace wirespan
