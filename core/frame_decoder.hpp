// frame_decoder.hpp - splits input into chunks of frame payload. RFC 6455 §5.2, §5.3.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/frame.hpp>

namespace wirespan {

/// A chunk of the payload of one frame, still masked, in the input. The first chunk comes as soon
/// as the header is complete, even without a byte of payload, so that a frame can be refused before
/// its payload is here. Borrowed: `header` until the next call of next(), `payload` as the input.
struct FrameChunk {
  const FrameHeader* header = nullptr;  ///< Of the frame; never null after next().
  MutableBytes payload;                 ///< The bytes of this chunk; may be none.
  std::uint64_t offset = 0;             ///< Position of `payload` in the payload of the frame.
  bool first = false;                   ///< The frame starts with this chunk.
  bool last = false;                    ///< The frame ends with this chunk.
};

/// Remove the mask, if there is one, in place or while copying (one pass). Requires to.size() ==
/// chunk.payload.size(). Each chunk is unmasked once, by one of the two.
void unmask(const FrameChunk& chunk) noexcept;
void copy_unmasked(MutableBytes to, const FrameChunk& chunk) noexcept;

/// Splits a stream of frames, cut anywhere, into chunks, and judges each header by itself: the
/// first stage of a Connection, which owns it for its whole life. The decoder is between two
/// frames, inside a header that the input cut (the stash holds its beginning), or inside a payload.
/// An error is final. The decoder allocates no memory and copies no payload.
class FrameDecoder {
 public:
  /// chunk: `out` is set. need_more: the input is used up. error: see error().
  enum class Status : std::uint8_t { chunk, need_more, error };

  /// A decoder between two frames. `rules` hold for all frames.
  explicit FrameDecoder(FrameRules rules) noexcept : rules_(rules) {}

  /// Removes a header, a chunk or both from the front of `input`. A header that the input cuts is
  /// kept in the decoder, at most 13 bytes. After an error next() must not be called again.
  [[nodiscard]] Status next(MutableBytes& input, FrameChunk& out) noexcept;
  /// The reason why next() returned Status::error.
  [[nodiscard]] std::error_code error() const noexcept {
    return check_frame_header(header_, rules_);
  }

  /// As given to the constructor.
  [[nodiscard]] FrameRules rules() const noexcept { return rules_; }
  /// The latest header: that of the current frame while remaining() > 0.
  [[nodiscard]] const FrameHeader& header() const noexcept { return header_; }
  /// Payload bytes of the current frame that have not come yet; 0 between frames.
  [[nodiscard]] std::uint64_t remaining() const noexcept { return remaining_; }
  /// True if the stream could end here without cutting a frame.
  [[nodiscard]] bool between_frames() const noexcept { return remaining_ == 0 && stash_size_ == 0; }

 private:
  [[nodiscard]] bool take_usual_header(MutableBytes& input) noexcept;
  [[nodiscard]] Status next_header(MutableBytes& input) noexcept;
  void stash_header(MutableBytes& input) noexcept;

  // remaining_ > 0 => inside the payload of header_, and the stash is empty.
  FrameHeader header_;
  std::uint64_t remaining_ = 0;
  FrameRules rules_;
  std::array<std::byte, max_frame_header_size> stash_{};  // beginning of a header
  std::uint8_t stash_size_ = 0;
};

}  // namespace wirespan
