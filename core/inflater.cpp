// inflater.cpp - inflates messages with zlib, or with libdeflate where no context is kept. RFC 7692
// §7.2.2.
#include <algorithm>

#include <wirespan/core/error.hpp>
#include <wirespan/core/inflater.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {
namespace {

/// Most bytes that one call of inflate() writes if the window has less than 15 bits. zlib refuses a
/// reference that reaches beyond its window and the output of the current call together; so none
/// reaches more than 64 bytes beyond the window, wherever the message is cut. This halves the
/// speed: 370 instead of 680 MB/s with 10 bits (AMD EPYC, zlib 1.2.13); one byte a call would leave
/// 80.
constexpr std::size_t judged_output = 64;

}  // namespace

MessageCodec::Decoded Inflater::decode(Bytes& in, bool last, MutableBytes room) {
  if (!under_way_ && last && context_ == DeflateContext::none) {
    if (const auto whole = decode_whole(in, room)) return *whole;
  }
  if (!under_way_) {
    if (const auto error = begin_message()) return {.error = error};
  }
  z_stream& stream = state_->stream();
  const std::size_t size = std::min(room.size(), most_at_once);
  stream.next_out = as_zlib(room.data());
  stream.avail_out = static_cast<uInt>(size);
  const std::size_t decoded_before = decoded_;
  Bytes rest = Bytes(flush_tail).subspan(tail_used_);
  std::error_code error;
  while (!error && stream.avail_out > 0) {
    const bool use_tail = in.empty();
    if (use_tail && (!last || after_final_)) break;
    error = inflate_once(use_tail ? rest : in);
    decoded_ = decoded_before + size - stream.avail_out;
    if (use_tail && rest.empty()) break;
  }
  tail_used_ = static_cast<std::uint8_t>(flush_tail.size() - rest.size());
  if (!error && is_over_ratio()) error = Errc::inflate_ratio;
  const std::size_t written = size - stream.avail_out;
  const bool more = stream.avail_out == 0;
  if (!error && !more && last) error = end_message();  // the state may be gone after that
  return {.size = written, .more = more, .error = error};
}

/// decode() by libdeflate. std::nullopt: zlib is to do it, from the start.
std::optional<MessageCodec::Decoded> Inflater::decode_whole(Bytes& in, MutableBytes room) {
  room = room.first(std::min(room.size(), WholeMessages::most_within(window_bits_)));
  if (likely_size(in.size()) > room.size()) return std::nullopt;
  const auto size = pool_.whole_messages().inflate(in, room);
  if (!size) return std::nullopt;
  received_ = in.size() + flush_tail.size();
  decoded_ = *size;
  in = in.subspan(in.size());
  MessageCodec::Decoded decoded{.size = *size, .more = false, .error = {}};
  if (is_over_ratio()) {
    decoded.error = Errc::inflate_ratio;
  } else {
    forget_message();
  }
  return decoded;
}

/// Judges by the latest messages: those that grew most count longest. An eighth is added.
std::size_t Inflater::likely_size(std::size_t payload_size) const noexcept {
  return payload_size * ratio_ / ratio_unit * 9 / 8;
}

std::error_code Inflater::begin_message() {
  if (!state_) state_ = pool_.lend(ZlibState::Kind::inflate, window_bits_);
  if (!state_) return out_of_memory();
  const Bytes past = window_.bytes();
  if (context_ == DeflateContext::dictionary && !past.empty()) {
    (void)inflateSetDictionary(&state_->stream(), as_zlib(past.data()),
                               static_cast<uInt>(past.size()));
  }
  under_way_ = true;
  tail_used_ = 0;
  at_boundary_ = after_final_ = false;
  return {};
}

/// Inflates until the input or the room is used up, or a block with BFINAL ends.
std::error_code Inflater::inflate_once(Bytes& in) {
  z_stream& stream = state_->stream();
  const std::size_t size = std::min(in.size(), most_at_once);
  stream.next_in = as_zlib(in.data());
  stream.avail_in = static_cast<uInt>(size);
  const int result = call_zlib();
  const std::size_t used = size - stream.avail_in;
  in = in.subspan(used);
  received_ += used;
  if (result == Z_MEM_ERROR) return out_of_memory();
  if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END) {
    return Errc::bad_compressed_data;
  }
  if (result == Z_STREAM_END) {
    // §7.2.1 allows a block with BFINAL. The bytes after it are another stream in the same window,
    // which inflateResetKeep() keeps and inflateReset() would not.
    (void)inflateResetKeep(&stream);
    after_final_ = true;
  }
  return {};
}

/// Calls inflate() until its input or the room is used up, with at most judged_output bytes a call
/// if the window is small, and returns zlib's last result.
int Inflater::call_zlib() noexcept {
  // z_stream::data_type after inflate(): 128 for the end of a block, 64 more in the final one, and
  // the number of unused bits of the last byte. A call without progress loses it.
  constexpr int between_blocks = 128;
  z_stream& stream = state_->stream();
  const std::size_t most = window_bits_ < most_window_bits ? judged_output : most_at_once;
  while (true) {
    const uInt input = stream.avail_in;
    const auto room = static_cast<uInt>(std::min<std::size_t>(stream.avail_out, most));
    const uInt held_back = stream.avail_out - room;
    stream.avail_out = room;
    const int result = inflate(&stream, Z_SYNC_FLUSH);
    if (stream.avail_in != input || stream.avail_out != room) {
      at_boundary_ = stream.data_type == between_blocks;
      after_final_ = false;
    }
    const bool filled = stream.avail_out == 0;
    stream.avail_out += held_back;
    if (result != Z_OK || !filled || held_back == 0) return result;
  }
}

/// Checks that the message ended, with the tail appended, between two blocks; otherwise it was cut
/// off. Gives the state back unless it holds the context. §7.2.2.
std::error_code Inflater::end_message() {
  if (!after_final_ && (tail_used_ < flush_tail.size() || !at_boundary_)) {
    return Errc::bad_compressed_data;
  }
  if (context_ == DeflateContext::dictionary) {
    window_.assign_from(state_->stream(), window_bits_);
  }
  if (context_ != DeflateContext::stream) state_.reset();
  forget_message();
  return {};
}

/// The message has ended; of it only the ratio is kept.
void Inflater::forget_message() noexcept {
  const std::size_t ratio = decoded_ * ratio_unit / std::max<std::size_t>(received_, 1);
  ratio_ = static_cast<std::uint16_t>(std::max(ratio, ratio_ - std::size_t{ratio_} / 16));
  received_ = decoded_ = 0;
  under_way_ = false;
}

bool Inflater::is_over_ratio() const noexcept {
  const std::size_t most = pool_.options().max_inflate_ratio;
  return most > 0 && decoded_ > limits::inflate_ratio_floor && decoded_ / most > received_;
}

}  // namespace wirespan
