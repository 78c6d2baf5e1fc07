// message_assembler.hpp - reassembles frames to messages; checks their order, size, number and
// UTF-8. RFC 6455 §5.4, §8.1, RFC 7692 §6.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>

#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/event.hpp>
#include <wirespan/core/frame_decoder.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/core/message_codec.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {

/// Limits and rules for messages from the peer.
struct ReceiveOptions {
  /// Bytes of one message. A larger one fails with 1009 when a frame header announces it, before
  /// the payload arrives; a compressed one as soon as it inflates to more.
  std::size_t max_message_size = limits::message_size;
  /// Frames of one message, empty ones included. More fail with 1008.
  std::uint32_t max_fragments = limits::message_fragments;
  /// Pings in one second. The driver checks it, because core has no clock. More fail with 1008.
  std::uint32_t max_pings_per_second = limits::pings_per_second;
  /// Validate received text (RFC 6455 §8.1): it fails with 1007 at the first impossible byte. Turn
  /// it off only for peers you wrote yourself.
  bool validate_utf8 = true;
  /// Deliver one Fragment for each frame of a fragmented message instead of one Message, as
  /// `fire_cont_frame` does in Python. Limits and UTF-8 validation apply to the whole message.
  bool deliver_fragments = false;
};

/// Fast path for an unfragmented, uncompressed message while no message is under way: the limits
/// and the UTF-8 rule that push() would apply.
[[nodiscard]] std::error_code check_whole_message(Opcode opcode, Bytes payload,
                                                  const ReceiveOptions& options) noexcept;

/// Reassembles the fragments of messages from the peer, inflates compressed ones, and checks the
/// order of frames, the limits and UTF-8. Each Connection owns one.
///
/// A message is under way from its first frame to the last chunk of its final frame. A payload that
/// lies in the input as one piece, uncompressed, is delivered from there (zero-copy); any other is
/// collected in the assembler's buffer, which grows with the bytes received, never with the bytes
/// announced. A delivered view of the buffer is valid until release_delivered();
/// take_delivered() hands the memory over instead. After an error only discard() and destroying it
/// are useful. Not thread-safe.
class MessageAssembler {
 public:
  /// `blocks` provides the memory of the buffer and must outlive the assembler.
  explicit MessageAssembler(const BlockSource& blocks = heap_blocks()) noexcept : buffer_(blocks) {}

  /// Takes one chunk of a text, binary or continuation frame and unmasks it. If the chunk completes
  /// a Message or Fragment, sets `out` to it; otherwise leaves `out`, which must be NeedInput.
  /// After an error the assembler is of no further use. A frame with RSV1 requires a codec, which
  /// must be the same for the whole message. Throws std::bad_alloc.
  [[nodiscard]] std::error_code push(const FrameChunk& chunk, const ReceiveOptions& options,
                                     Event& out, MessageCodec* codec = nullptr);

  /// Returns the room at the end of the buffer, so that the rest of a frame, of which `remaining`
  /// bytes are missing, is read there and not copied; the bytes read there must be the next chunk.
  /// Empty if the shared window of `shared_size` bytes is the better place: the rest is shorter,
  /// the message is compressed, or nothing of it is held yet.
  [[nodiscard]] MutableBytes direct_window(std::uint64_t remaining, std::size_t shared_size);

  /// Gives back the memory of the payload delivered last; its view is invalid afterwards.
  void release_delivered() noexcept;
  /// Returns the payload delivered last if it lies in the assembler's buffer; empty if it lies in
  /// the input or was released.
  [[nodiscard]] Bytes delivered() const noexcept {
    return delivered_ ? Bytes(buffer_.data()) : Bytes();
  }
  /// True if at least a part of the latest message was delivered as a Fragment.
  [[nodiscard]] bool has_delivered_parts() const noexcept { return first_delivered_; }
  /// Hands over the block that delivered() lies in: the view stays valid as long as the block. Null
  /// if delivered() is empty.
  [[nodiscard]] Block::Ptr take_delivered() noexcept;
  /// Drops an unfinished message and a delivered one: the connection is over.
  void discard() noexcept;
  /// Bytes of memory held for an unfinished message or a delivered one.
  [[nodiscard]] std::size_t memory() const noexcept { return buffer_.capacity(); }

  /// True between the first frame of a message and its end.
  [[nodiscard]] bool under_way() const noexcept { return opcode_ != Opcode::continuation; }

 private:
  [[nodiscard]] std::error_code begin_frame(const FrameHeader& header,
                                            const ReceiveOptions& options) noexcept;
  [[nodiscard]] std::error_code push_encoded(const FrameChunk& chunk, const ReceiveOptions& options,
                                             Event& out, MessageCodec& codec);
  [[nodiscard]] std::error_code decode(Bytes in, bool last, const ReceiveOptions& options,
                                       MessageCodec& codec);
  [[nodiscard]] MutableBytes room_to_decode(std::size_t allowed, std::size_t likely);
  void deliver(const FrameHeader& header, Bytes whole, const ReceiveOptions& options, Event& out);
  [[nodiscard]] Bytes keep(const FrameChunk& chunk);

  ByteBuffer buffer_;             // payload of the message under way, or the delivered one
  std::size_t message_size_ = 0;  // bytes announced by the frame headers of this message so far
  std::uint32_t fragments_ = 0;   // frames of this message so far
  Utf8Validator utf8_;
  Opcode opcode_ = Opcode::continuation;  // of the message under way; continuation: none
  bool delivered_ = false;                // the view of buffer_ was handed to the caller
  bool first_delivered_ = false;          // a Fragment of the latest message was delivered
  bool encoded_ = false;                  // the latest message is compressed (RSV1)
};

}  // namespace wirespan
