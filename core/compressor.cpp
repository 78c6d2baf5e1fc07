// compressor.cpp - compresses messages with zlib, or with libdeflate where no context is kept.
// RFC 7692 §7.2.1, §7.2.3.
#include <algorithm>

#include <wirespan/core/compressor.hpp>

namespace wirespan {
namespace {

/// Payload of an empty message: the header of an empty stored block. §7.2.3.6.
constexpr std::byte empty_block{0x00};
/// Most room that is prepared for compressed data at first; enough for the whole of most messages.
constexpr std::size_t first_room = std::size_t{64} << 10;
/// Least room for a call of deflate(), which repeats the flush marker if it finds too little.
constexpr std::size_t least_room = 64;

}  // namespace

Expected<bool> Compressor::encode(Bytes part, bool first, bool fin, ByteBuffer& out) {
  if (first && fin && context_ == DeflateContext::none && may_end_stream_) {
    if (const auto is_better = encode_whole(part, out)) return *is_better;
  }
  if (first || !state_) {
    if (const auto error = begin_message()) return error;
  }
  if (context_ == DeflateContext::dictionary) window_.reserve(part.size(), window_bits_);
  compress(part, out);
  if (!fin) return true;
  if (out.size() > flush_tail.size()) {
    out.drop_back(flush_tail.size());
  } else {  // deflate() has no output for no input
    out.clear();
    out.append(Bytes(&empty_block, 1));
  }
  const bool optional = first && context_ != DeflateContext::stream;
  if (!optional || out.size() < part.size()) return true;
  roll_back();
  return false;
}

/// encode() by libdeflate. std::nullopt: zlib is to do it.
std::optional<bool> Compressor::encode_whole(Bytes message, ByteBuffer& out) {
  if (message.empty() || message.size() > WholeMessages::most_within(window_bits_))
    return std::nullopt;
  const MutableBytes room = out.prepare(message.size()).first(message.size() - 1);
  const auto size = pool_.whole_messages().compress(message, room);
  if (!size) return std::nullopt;
  out.commit(*size);
  return *size > 0;
}

std::error_code Compressor::begin_message() {
  if (!state_) state_ = pool_.lend(ZlibState::Kind::deflate, window_bits_);
  if (!state_) return out_of_memory();
  const Bytes past = window_.bytes();
  if (context_ == DeflateContext::dictionary && !past.empty()) {
    (void)deflateSetDictionary(&state_->stream(), as_zlib(past.data()),
                               static_cast<uInt>(past.size()));
  }
  return {};
}

void Compressor::compress(Bytes part, ByteBuffer& out) {
  z_stream& stream = state_->stream();
  do {
    const Bytes now = part.first(std::min(part.size(), most_at_once));
    part = part.subspan(now.size());
    stream.next_in = as_zlib(now.data());
    stream.avail_in = static_cast<uInt>(now.size());
    const std::size_t bound = deflateBound(&stream, static_cast<uLong>(now.size()));
    std::size_t wanted = std::clamp(bound, least_room, first_room);
    do {
      const MutableBytes room = out.prepare(wanted);
      const std::size_t size = std::min(room.size(), most_at_once);
      stream.next_out = as_zlib(room.data());
      stream.avail_out = static_cast<uInt>(size);
      (void)deflate(&stream, part.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH);
      out.commit(size - stream.avail_out);
      wanted = least_room;
    } while (stream.avail_out == 0);
  } while (!part.empty());
}

void Compressor::commit(Bytes part, bool fin) noexcept {
  if (context_ == DeflateContext::dictionary) window_.append(part);
  if (fin && context_ != DeflateContext::stream) state_.reset();
}

/// The next part comes from a fresh state, which refers to no earlier byte: the receiver can
/// inflate it whatever it has missed.
void Compressor::roll_back() noexcept {
  if (context_ == DeflateContext::stream && state_) {
    if (state_->stream().total_in > 0) state_->reset();  // 1 us: it clears 64 KiB
  } else {
    state_.reset();
  }
}

/// The form is one of a compressor without context. A receiver that keeps the context gets none of
/// libdeflate's: many end their stream with its final block.
PublishedFrame::Ptr Compressor::published(const PublishedFrame::Ptr& frame) {
  const bool ends_stream = context_ == DeflateContext::none;
  const unsigned number = 2 * static_cast<unsigned>(window_bits_) + (ends_stream ? 1 : 0);
  PublishedFrame::Ptr form = frame->form(number);
  if (!form) {
    Compressor alone(pool_, DeflateContext::none, window_bits_);
    alone.may_end_stream_ = ends_stream;
    ByteBuffer out;
    const auto shrinks = alone.encode(frame->payload(), true, true, out);
    if (!shrinks) return frame;  // without memory for it
    form = frame->add_form(number, *shrinks ? Bytes(out.data()) : Bytes());
  }
  if (form->bytes().empty()) return frame;
  roll_back();
  window_.clear();
  return form;
}

}  // namespace wirespan
