// message_assembler.cpp - reassembles and validates messages. RFC 6455 §5.4, §8.1, RFC 7692 §6.2.
#include <algorithm>
#include <array>
#include <utility>

#include <wirespan/core/error.hpp>
#include <wirespan/core/message_assembler.hpp>

namespace wirespan {
namespace {

/// First capacity, in bytes, of the buffer for a message that does not arrive whole.
constexpr std::size_t first_step = 4096;
/// Most bytes that are inflated at a time: they are still in the cache when their UTF-8 is checked.
constexpr std::size_t decode_step = std::size_t{64} << 10;

/// Returns the capacity for a message of which `held` bytes are here and `announced` were announced
/// by frame headers. Grows to at most twice what was received, from first_step on: a peer cannot
/// make us allocate by announcing.
std::size_t believable_size(std::size_t held, std::size_t announced) noexcept {
  return std::max(held, std::min(announced, std::max(2 * held, first_step)));
}

}  // namespace

std::error_code check_whole_message(Opcode opcode, Bytes payload,
                                    const ReceiveOptions& options) noexcept {
  if (payload.size() > options.max_message_size) return Errc::message_too_big;
  if (options.max_fragments == 0) return Errc::too_many_fragments;
  const bool is_checked = opcode == Opcode::text && options.validate_utf8;
  return !is_checked || is_valid_utf8(payload) ? std::error_code{} : Errc::invalid_utf8;
}

std::error_code MessageAssembler::push(const FrameChunk& chunk, const ReceiveOptions& options,
                                       Event& out, MessageCodec* codec) {
  const FrameHeader& header = *chunk.header;
  if (chunk.first) {
    if (const auto error = begin_frame(header, options)) return error;
  }
  if (encoded_) return push_encoded(chunk, options, out, *codec);
  const bool end_of_message = chunk.last && header.fin;
  const bool deliverable = end_of_message || (chunk.last && options.deliver_fragments);
  const bool in_place = deliverable && buffer_.empty();
  if (in_place) unmask(chunk);
  const Bytes payload = in_place ? chunk.payload : keep(chunk);
  if (opcode_ == Opcode::text && options.validate_utf8) {
    const bool valid = utf8_.feed(payload) && (!end_of_message || utf8_.complete());
    if (!valid) return Errc::invalid_utf8;
  }
  if (!deliverable) return {};

  delivered_ = !in_place;
  deliver(header, in_place ? payload : Bytes(buffer_.data()), options, out);
  return {};
}

/// Takes a chunk of a compressed message (RSV1 in its first frame). RFC 7692 §6.2.
std::error_code MessageAssembler::push_encoded(const FrameChunk& chunk,
                                               const ReceiveOptions& options, Event& out,
                                               MessageCodec& codec) {
  const FrameHeader& header = *chunk.header;
  unmask(chunk);
  const bool end_of_message = chunk.last && header.fin;
  if (const auto error = decode(chunk.payload, end_of_message, options, codec)) return error;
  if (!end_of_message && !(chunk.last && options.deliver_fragments)) return {};
  delivered_ = true;
  deliver(header, buffer_.data(), options, out);
  return {};
}

/// Inflates `in` in steps of at most decode_step, and checks size and UTF-8 after each: a
/// decompression bomb stops at the limit, and invalid text where the bad byte is.
std::error_code MessageAssembler::decode(Bytes in, bool last, const ReceiveOptions& options,
                                         MessageCodec& codec) {
  std::array<std::byte, 256> spill;
  const bool checked = opcode_ == Opcode::text && options.validate_utf8;
  // A message in fragments has less room at first: only what is complete leaves the memory at once.
  const std::size_t likely = last ? codec.likely_size(in.size()) : 0;
  bool more = true;
  while (more) {
    const std::size_t allowed =
        options.max_message_size - std::min(codec.decoded_size(), options.max_message_size);
    const MutableBytes direct = room_to_decode(allowed, likely);
    // A full buffer grows only when a further byte has been inflated: this step writes to the stack
    // and is copied. So a message that fills its block exactly does not cost a larger one, and at
    // the limit one byte too many is found without memory for it.
    const MutableBytes room = direct.empty() ? MutableBytes(spill) : direct;
    const MessageCodec::Decoded step = codec.decode(in, last, room);
    if (step.error) return step.error;
    if (step.size > allowed) return Errc::message_too_big;
    if (direct.empty()) {
      buffer_.append(room.first(step.size));
    } else {
      buffer_.commit(step.size);
    }
    if (checked && !utf8_.feed(room.first(step.size))) return Errc::invalid_utf8;
    more = step.more;
  }
  return !last || !checked || utf8_.complete() ? std::error_code{} : Errc::invalid_utf8;
}

MutableBytes MessageAssembler::room_to_decode(std::size_t allowed, std::size_t likely) {
  if (buffer_.empty() && allowed > 0) {
    (void)buffer_.prepare(std::min(allowed, std::clamp(likely, first_step, decode_step)));
  }
  const MutableBytes room = buffer_.room();
  return room.first(std::min({room.size(), allowed, decode_step}));
}

void MessageAssembler::deliver(const FrameHeader& header, Bytes whole,
                               const ReceiveOptions& options, Event& out) {
  const bool unfragmented = header.fin && fragments_ == 1;
  if (options.deliver_fragments && !unfragmented) {
    // `deliver_fragments` may be switched on within a message: the frames that were joined before
    // are delivered as its first fragment.
    const Opcode opcode = first_delivered_ ? Opcode::continuation : opcode_;
    first_delivered_ = true;
    out = Fragment{.opcode = opcode, .payload = whole, .fin = header.fin};
  } else {
    out = Message{.opcode = opcode_, .payload = whole};
  }
  if (header.fin) opcode_ = Opcode::continuation;
}

std::error_code MessageAssembler::begin_frame(const FrameHeader& header,
                                              const ReceiveOptions& options) noexcept {
  if (header.opcode == Opcode::continuation) {
    if (!under_way()) return Errc::unexpected_continuation;
  } else {
    if (under_way()) return Errc::expected_continuation;
    opcode_ = header.opcode;
    message_size_ = 0;
    fragments_ = 0;
    first_delivered_ = false;
    encoded_ = header.rsv1;
    utf8_.reset();
  }
  const std::size_t most = encoded_ ? limits::compressed_message_size(options.max_message_size)
                                    : options.max_message_size;
  if (header.payload_size > most - message_size_) return Errc::message_too_big;
  message_size_ += static_cast<std::size_t>(header.payload_size);
  if (++fragments_ > options.max_fragments) return Errc::too_many_fragments;
  return {};
}

/// Unmasks the chunk and makes it the end of the buffer: in place if it was received into
/// direct_window(), else while copying, in one pass.
Bytes MessageAssembler::keep(const FrameChunk& chunk) {
  const std::size_t size = chunk.payload.size();
  if (size == 0) return {};
  const MutableBytes room = buffer_.room();
  if (chunk.payload.data() == room.data() && size <= room.size()) {
    unmask(chunk);
    buffer_.commit(size);
    return chunk.payload;
  }
  const std::size_t held = buffer_.size();
  if (room.size() < size) {
    (void)buffer_.prepare(believable_size(held + size, message_size_) - held);
  }
  const MutableBytes to = buffer_.room().first(size);
  copy_unmasked(to, chunk);
  buffer_.commit(size);
  return to;
}

MutableBytes MessageAssembler::direct_window(std::uint64_t remaining, std::size_t shared_size) {
  const std::size_t held = buffer_.size();
  if (remaining < shared_size || held == 0 || encoded_) return {};
  if (buffer_.room().empty()) {
    (void)buffer_.prepare(believable_size(held, message_size_) - held);
  }
  const MutableBytes room = buffer_.room();
  return room.first(static_cast<std::size_t>(std::min<std::uint64_t>(remaining, room.size())));
}

void MessageAssembler::release_delivered() noexcept {
  if (!delivered_) return;
  buffer_.clear();
  delivered_ = false;
}

Block::Ptr MessageAssembler::take_delivered() noexcept {
  return std::exchange(delivered_, false) ? buffer_.release() : nullptr;
}

void MessageAssembler::discard() noexcept {
  buffer_.clear();
  delivered_ = false;
}

}  // namespace wirespan
