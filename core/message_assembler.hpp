// message_assembler.hpp - frames to messages: order, size, count and UTF-8. RFC 6455 §5.4, §8.1,
// RFC 7692 §6.2.
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

/// What is accepted from the peer.
struct ReceiveOptions {
  /// Bytes. A larger message fails with 1009 when its header comes, before its payload does; a
  /// compressed one where it inflates to more.
  std::size_t max_message_size = limits::message_size;
  /// Frames of one message, empty ones included. More fail with 1008.
  std::uint32_t max_fragments = limits::message_fragments;
  /// Pings in one second; the driver judges, because core has no clock. More fail with 1008.
  std::uint32_t max_pings_per_second = limits::pings_per_second;
  /// RFC 6455 §8.1, at the first impossible byte. Turn it off only for peers you wrote yourself.
  bool validate_utf8 = true;
  /// One Fragment for each frame of a fragmented message instead of one Message, as
  /// `fire_cont_frame` does in Python. The limits and the UTF-8 rule hold for the whole message.
  bool deliver_fragments = false;
};

/// The limits and the UTF-8 rule for a message that comes in one frame, when none is under way:
/// what push() would say of it.
[[nodiscard]] std::error_code check_whole_message(Opcode opcode, Bytes payload,
                                                  const ReceiveOptions& options) noexcept;

/// Judges the history of a message and keeps the parts of those that do not come whole. Memory
/// grows with the bytes received, never with the bytes announced. A message that lies in the input
/// as one piece is passed through without a copy.
class MessageAssembler {
 public:
  explicit MessageAssembler(const BlockSource& blocks = heap_blocks()) noexcept : buffer_(blocks) {}

  /// Takes one chunk of a text, binary or continuation frame, unmasks it and sets `out`, which is
  /// NeedInput, to the Message or Fragment that it completes, if it does. After an error the
  /// assembler is of no further use. A frame with RSV1 requires a codec, which must be the same for
  /// the whole message.
  [[nodiscard]] std::error_code push(const FrameChunk& chunk, const ReceiveOptions& options,
                                     Event& out, MessageCodec* codec = nullptr);

  /// Where to receive the rest of a frame, of which `remaining` bytes are missing, so that it need
  /// not be copied; what is read there must be the next chunk. Empty if the copy is cheaper.
  [[nodiscard]] MutableBytes direct_window(std::uint64_t remaining, std::size_t shared_size);

  /// Gives back the memory of what was delivered; its view is invalid afterwards.
  void release_delivered() noexcept;
  /// What was delivered out of memory of the assembler's own; empty if it lies elsewhere.
  [[nodiscard]] Bytes delivered() const noexcept {
    return delivered_ ? Bytes(buffer_.data()) : Bytes();
  }
  /// The message that came last was handed out in parts, if not all of it.
  [[nodiscard]] bool has_delivered_parts() const noexcept { return first_delivered_; }
  /// Hands that memory over: its view stays valid as long as the block.
  [[nodiscard]] Block::Ptr take_delivered() noexcept;
  /// Gives back everything: the connection is over.
  void discard() noexcept;
  /// Bytes held for an unfinished message or a delivered one.
  [[nodiscard]] std::size_t memory() const noexcept { return buffer_.capacity(); }

  /// A first fragment has come, and the last one has not.
  [[nodiscard]] bool under_way() const noexcept { return opcode_ != Opcode::continuation; }

 private:
  [[nodiscard]] std::error_code begin_frame(const FrameHeader& header,
                                            const ReceiveOptions& options) noexcept;
  [[nodiscard]] std::error_code push_encoded(const FrameChunk& chunk, const ReceiveOptions& options,
                                             Event& out, MessageCodec& codec);
  [[nodiscard]] std::error_code decode(Bytes in, bool last, const ReceiveOptions& options,
                                       MessageCodec& codec);
  [[nodiscard]] MutableBytes room_to_decode(std::size_t allowed);
  void deliver(const FrameHeader& header, Bytes whole, const ReceiveOptions& options, Event& out);
  [[nodiscard]] Bytes keep(const FrameChunk& chunk);

  ByteBuffer buffer_;
  std::size_t message_size_ = 0;  // announced by the frames so far
  std::uint32_t fragments_ = 0;
  Utf8Validator utf8_;
  Opcode opcode_ = Opcode::continuation;  // continuation: no message under way
  bool delivered_ = false;                // what is in the buffer was handed out
  bool first_delivered_ = false;          // a fragment of this message was handed out by itself
  bool encoded_ = false;                  // this message came with RSV1
};

}  // namespace wirespan
