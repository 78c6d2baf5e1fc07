// compressor.hpp - compresses the messages of one connection. RFC 7692 §7.2.1. Private to core.
#pragma once

#include <cstddef>
#include <optional>
#include <system_error>

#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/expected.hpp>
#include <wirespan/core/published_frame.hpp>
#include <wirespan/core/zlib_states.hpp>

namespace wirespan {

/// Compresses our messages; a member of DeflateCodec. The zlib state is borrowed from the pool when
/// a message begins. With DeflateContext::none and `dictionary` it goes back when the message is
/// committed or rolled back; with `stream` it stays until the codec is destroyed, because it holds
/// the context of earlier messages. With `dictionary` the context is a copy of the latest bytes,
/// with which each state is primed.
class Compressor {
 public:
  Compressor(DeflatePool::Impl& pool, DeflateContext context, int window_bits) noexcept
      : pool_(pool), window_bits_(window_bits), context_(context) {}

  // As the functions of MessageCodec with these names. published() expects that the frame may be
  // and is worth being compressed.

  /// Every part ends with a flush, at the boundary of a byte and of a block: the receiver can
  /// inflate all of it at once, and after a roll-back the rest may come from a fresh state.
  [[nodiscard]] Expected<bool> encode(Bytes part, bool first, bool fin, ByteBuffer& out);
  void commit(Bytes part, bool fin) noexcept;
  void roll_back() noexcept;
  [[nodiscard]] PublishedFrame::Ptr published(const PublishedFrame::Ptr& frame);
  [[nodiscard]] std::size_t memory() const noexcept {
    return window_.capacity() + (state_ ? state_->memory() : 0);
  }

 private:
  [[nodiscard]] std::optional<bool> encode_whole(Bytes message, ByteBuffer& out);
  [[nodiscard]] std::error_code begin_message();
  void compress(Bytes part, ByteBuffer& out);

  DeflatePool::Impl& pool_;
  DeflatePool::Impl::Lent state_;  // null between messages, unless context_ is `stream`
  SlidingWindow window_;  // committed bytes, uncompressed; empty unless context_ is `dictionary`
  int window_bits_;
  DeflateContext context_;
  bool may_end_stream_ = true;  // a message without context may end with a final block
};

}  // namespace wirespan
