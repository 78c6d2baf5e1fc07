// inflater.hpp - inflates the messages of one connection's peer. RFC 7692 §7.2.2. Private to core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/message_codec.hpp>
#include <wirespan/core/zlib_states.hpp>

namespace wirespan {

/// Inflates the peer's messages; a member of DeflateCodec. The zlib state is borrowed from the pool
/// when a message begins. With DeflateContext::none and `dictionary` it goes back when the message
/// ends; with `stream` it stays until the codec is destroyed. With `dictionary` the window of the
/// ended message is copied and primes the next state. After an error it is of no further use.
class Inflater {
 public:
  Inflater(DeflatePool::Impl& pool, DeflateContext context, int window_bits) noexcept
      : pool_(pool), window_bits_(window_bits), context_(context) {}

  // As the functions of MessageCodec with these names.

  /// A message is judged whole: one that ends inside a block is Errc::bad_compressed_data.
  [[nodiscard]] MessageCodec::Decoded decode(Bytes& in, bool last, MutableBytes room);
  [[nodiscard]] std::size_t decoded_size() const noexcept { return decoded_; }
  [[nodiscard]] std::size_t likely_size(std::size_t payload_size) const noexcept;
  [[nodiscard]] std::size_t memory() const noexcept {
    return window_.capacity() + (state_ ? state_->memory() : 0);
  }

 private:
  /// Unit of ratio_.
  static constexpr std::size_t ratio_unit = 16;

  [[nodiscard]] std::optional<MessageCodec::Decoded> decode_whole(Bytes& in, MutableBytes room);
  [[nodiscard]] std::error_code begin_message();
  [[nodiscard]] std::error_code inflate_once(Bytes& in);
  [[nodiscard]] int call_zlib() noexcept;
  [[nodiscard]] std::error_code end_message();
  void forget_message() noexcept;
  [[nodiscard]] bool is_over_ratio() const noexcept;

  DeflatePool::Impl& pool_;
  DeflatePool::Impl::Lent state_;  // null between messages, unless context_ is `stream`
  SlidingWindow window_;           // inflated bytes; empty unless context_ is `dictionary`
  std::size_t received_ = 0;  // compressed bytes of this message that zlib has taken, with the tail
  std::size_t decoded_ = 0;   // bytes they were inflated to
  int window_bits_;
  std::uint16_t ratio_ = 4 * ratio_unit;  // by which messages grow; at most that of DEFLATE, 1,032
  DeflateContext context_;
  std::uint8_t tail_used_ = 0;  // bytes of `flush_tail` that zlib has taken after the message's own
  bool under_way_ = false;      // a message has begun and not ended; => state_ is not null
  bool at_boundary_ = false;    // zlib has stopped between two blocks and two bytes
  bool after_final_ = false;    // nothing came since a block with BFINAL
};

}  // namespace wirespan
