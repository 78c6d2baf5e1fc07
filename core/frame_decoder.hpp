// frame_decoder.hpp - bytes to runs of frame payload. RFC 6455 §5.2, §5.3.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/frame.hpp>

namespace wirespan {

/// A run of payload bytes of one frame, still masked where they lie in the input. The first run
/// comes as soon as the header is complete, even without a byte of payload, so that a frame can be
/// refused before its payload is here. Borrowed: `header` until the next call of next().
struct FrameChunk {
  const FrameHeader* header = nullptr;
  MutableBytes payload;
  std::uint64_t offset = 0;  ///< Position of `payload` in the payload of the frame.
  bool first = false;        ///< The frame starts with this chunk.
  bool last = false;         ///< The frame ends with this chunk.
};

/// Removes the mask, if there is one, in place or while copying. Requires to.size() to be the
/// chunk's; call one of them, once.
void unmask(const FrameChunk& chunk) noexcept;
void copy_unmasked(MutableBytes to, const FrameChunk& chunk) noexcept;

/// Takes frames apart as they come, cut anywhere, and judges each header by itself.
class FrameDecoder {
 public:
  enum class Status : std::uint8_t { chunk, need_more, error };

  explicit FrameDecoder(FrameRules rules) noexcept : rules_(rules) {}

  /// Takes bytes off the front of `input`. A header that the input cuts is kept here, at most 13
  /// bytes. After an error the decoder is of no further use.
  [[nodiscard]] Status next(MutableBytes& input, FrameChunk& out) noexcept;
  /// Why next() returned `error`.
  [[nodiscard]] std::error_code error() const noexcept {
    return check_frame_header(header_, rules_);
  }

  [[nodiscard]] FrameRules rules() const noexcept { return rules_; }
  /// The latest header; of the current frame while remaining() > 0.
  [[nodiscard]] const FrameHeader& header() const noexcept { return header_; }
  /// Payload bytes of the current frame that have not come yet; 0 between frames.
  [[nodiscard]] std::uint64_t remaining() const noexcept { return remaining_; }
  /// True where the stream could end without cutting a frame.
  [[nodiscard]] bool between_frames() const noexcept { return remaining_ == 0 && stash_size_ == 0; }

 private:
  [[nodiscard]] bool take_usual_header(MutableBytes& input) noexcept;
  [[nodiscard]] Status next_header(MutableBytes& input) noexcept;
  void stash_header(MutableBytes& input) noexcept;

  FrameHeader header_;
  std::uint64_t remaining_ = 0;
  FrameRules rules_;
  std::array<std::byte, max_frame_header_size> stash_{};
  std::uint8_t stash_size_ = 0;
};

}  // namespace wirespan
