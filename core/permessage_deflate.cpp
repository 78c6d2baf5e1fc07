// permessage_deflate.cpp - compresses and inflates messages with zlib, or with libdeflate where no
// context is kept. RFC 7692 §7.2.
#include <algorithm>
#include <array>
#include <limits>
#include <system_error>

#include <wirespan/core/error.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/zlib_states.hpp>

namespace wirespan {
namespace {

using Lent = DeflatePool::Impl::Lent;

/// Tail of a flushed message: an empty stored block without its header. The sender cuts it off, the
/// receiver appends it. §7.2.1, §7.2.2.
constexpr std::array<std::byte, 4> tail{std::byte{0x00}, std::byte{0x00}, std::byte{0xFF},
                                        std::byte{0xFF}};
/// Payload of an empty message: the header of an empty stored block. §7.2.3.6.
constexpr std::byte empty_block{0x00};
/// Most bytes in one call of zlib, which counts in uInt.
constexpr std::size_t most_at_once = std::size_t{1} << 30;
/// Most room that is prepared for compressed data at first; enough for the whole of most messages.
constexpr std::size_t first_room = std::size_t{64} << 10;
/// Most bytes that one call of inflate() writes if the window has less than 15 bits. zlib refuses a
/// reference that reaches beyond its window and the output of the current call together; so none
/// reaches more than 64 bytes beyond the window, wherever the message is cut. This halves the
/// speed: 370 instead of 680 MB/s with 10 bits (AMD EPYC, zlib 1.2.13); one byte a call would leave
/// 80.
constexpr std::size_t judged_output = 64;
/// Unit of Inflater's ratio.
constexpr std::size_t ratio_unit = 16;
/// Least room for a call of deflate(), which repeats the flush marker if it finds too little.
constexpr std::size_t least_room = 64;

/// Most bytes of a message in which no reference can reach beyond the window: libdeflate knows only
/// that of 15 bits.
constexpr std::size_t fits_window(int window_bits) noexcept {
  return window_bits == most_window_bits ? WholeMessages::most : std::size_t{1} << window_bits;
}

std::error_code out_of_memory() noexcept {
  return std::make_error_code(std::errc::not_enough_memory);
}

Bytef* as_zlib(const std::byte* bytes) noexcept {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes));  // zlib only reads it
}

/// Compresses our messages; a member of DeflateCodec. The zlib state is borrowed from the pool when
/// a message begins. With DeflateContext::none and `dictionary` it goes back when the message is
/// committed or rolled back; with `stream` it stays until the codec is destroyed, because it holds
/// the context of earlier messages. With `dictionary` the context is a copy of the latest bytes,
/// with which each state is primed.
class Compressor {
 public:
  Compressor(DeflatePool::Impl& pool, DeflateContext context, int window_bits) noexcept
      : pool_(pool), window_bits_(window_bits), context_(context) {}

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
  Lent state_;            // null between messages, unless context_ is `stream`
  SlidingWindow window_;  // committed bytes, uncompressed; empty unless context_ is `dictionary`
  int window_bits_;
  DeflateContext context_;
  bool may_end_stream_ = true;  // a message without context may end with a final block
};

/// Every part ends with a flush, at the boundary of a byte and of a block: the receiver can inflate
/// all of it at once, and after a roll-back the rest may come from a fresh state.
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
  if (out.size() > tail.size()) {
    out.drop_back(tail.size());
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
  if (message.empty() || message.size() > fits_window(window_bits_)) return std::nullopt;
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
    state_->reset();
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

/// Inflates the peer's messages; a member of DeflateCodec. The zlib state is borrowed from the pool
/// when a message begins. With DeflateContext::none and `dictionary` it goes back when the message
/// ends; with `stream` it stays until the codec is destroyed. With `dictionary` the window of the
/// ended message is copied and primes the next state. After an error it is of no further use.
class Inflater {
 public:
  Inflater(DeflatePool::Impl& pool, DeflateContext context, int window_bits) noexcept
      : pool_(pool), window_bits_(window_bits), context_(context) {}

  [[nodiscard]] MessageCodec::Decoded decode(Bytes& in, bool last, MutableBytes room);
  [[nodiscard]] std::size_t decoded_size() const noexcept { return decoded_; }
  [[nodiscard]] std::size_t likely_size(std::size_t payload_size) const noexcept;
  [[nodiscard]] std::size_t memory() const noexcept {
    return window_.capacity() + (state_ ? state_->memory() : 0);
  }

 private:
  [[nodiscard]] std::optional<MessageCodec::Decoded> decode_whole(Bytes& in, MutableBytes room);
  [[nodiscard]] std::error_code begin_message();
  [[nodiscard]] std::error_code inflate_once(Bytes& in);
  [[nodiscard]] int call_zlib() noexcept;
  [[nodiscard]] std::error_code end_message();
  void forget_message() noexcept;
  [[nodiscard]] bool is_over_ratio() const noexcept;

  DeflatePool::Impl& pool_;
  Lent state_;                // null between messages, unless context_ is `stream`
  SlidingWindow window_;      // inflated bytes; empty unless context_ is `dictionary`
  std::size_t received_ = 0;  // compressed bytes of this message that zlib has taken, with the tail
  std::size_t decoded_ = 0;   // bytes they were inflated to
  int window_bits_;
  std::uint16_t ratio_ = 4 * ratio_unit;  // by which messages grow; at most that of DEFLATE, 1,032
  DeflateContext context_;
  std::uint8_t tail_used_ = 0;  // bytes of `tail` that zlib has taken after this message's own
  bool under_way_ = false;      // a message has begun and not ended; => state_ is not null
  bool at_boundary_ = false;    // zlib has stopped between two blocks and two bytes
  bool after_final_ = false;    // nothing came since a block with BFINAL
};

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
  Bytes rest = Bytes(tail).subspan(tail_used_);
  std::error_code error;
  while (!error && stream.avail_out > 0) {
    const bool use_tail = in.empty();
    if (use_tail && (!last || after_final_)) break;
    error = inflate_once(use_tail ? rest : in);
    decoded_ = decoded_before + size - stream.avail_out;
    if (use_tail && rest.empty()) break;
  }
  tail_used_ = static_cast<std::uint8_t>(tail.size() - rest.size());
  if (!error && is_over_ratio()) error = Errc::inflate_ratio;
  const std::size_t written = size - stream.avail_out;
  const bool more = stream.avail_out == 0;
  if (!error && !more && last) error = end_message();  // the state may be gone after that
  return {.size = written, .more = more, .error = error};
}

/// decode() by libdeflate. std::nullopt: zlib is to do it, from the start.
std::optional<MessageCodec::Decoded> Inflater::decode_whole(Bytes& in, MutableBytes room) {
  room = room.first(std::min(room.size(), fits_window(window_bits_)));
  if (likely_size(in.size()) > room.size()) return std::nullopt;
  const auto size = pool_.whole_messages().inflate(in, room);
  if (!size) return std::nullopt;
  received_ = in.size() + tail.size();
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
  if (!after_final_ && (tail_used_ < tail.size() || !at_boundary_)) {
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

/// The codec of permessage-deflate: one Compressor, one Inflater. Keeps the pool alive.
class DeflateCodec final : public MessageCodec {
 public:
  struct Direction {
    DeflateContext context;
    int window_bits;
  };

  DeflateCodec(std::shared_ptr<DeflatePool> pool, Direction sending, Direction receiving) noexcept
      : pool_(std::move(pool)),
        compressor_(pool_->impl(), sending.context, sending.window_bits),
        inflater_(pool_->impl(), receiving.context, receiving.window_bits) {}

  [[nodiscard]] Decoded decode(Bytes& in, bool last, MutableBytes room) override {
    return inflater_.decode(in, last, room);
  }
  [[nodiscard]] std::size_t decoded_size() const noexcept override {
    return inflater_.decoded_size();
  }
  [[nodiscard]] std::size_t likely_size(std::size_t payload_size) const noexcept override {
    return inflater_.likely_size(payload_size);
  }
  [[nodiscard]] bool is_worth(std::size_t first_part_size) const noexcept override {
    return first_part_size >= pool_->options().threshold;
  }
  [[nodiscard]] Expected<bool> encode(Bytes part, bool first, bool fin, ByteBuffer& out) override {
    return compressor_.encode(part, first, fin, out);
  }
  void commit(Bytes part, bool fin) noexcept override { compressor_.commit(part, fin); }
  void roll_back() noexcept override { compressor_.roll_back(); }
  [[nodiscard]] PublishedFrame::Ptr published(const PublishedFrame::Ptr& frame) override {
    const bool is_wanted = frame->may_be_compressed() && is_worth(frame->payload().size());
    return is_wanted ? compressor_.published(frame) : frame;
  }
  [[nodiscard]] std::size_t memory() const noexcept override {
    return sizeof(DeflateCodec) + compressor_.memory() + inflater_.memory();
  }

 private:
  std::shared_ptr<DeflatePool> pool_;
  Compressor compressor_;
  Inflater inflater_;
};

}  // namespace

DeflatePool::DeflatePool(const DeflateOptions& options, std::size_t keep)
    : impl_(std::make_unique<Impl>(options, keep)) {}
DeflatePool::~DeflatePool() = default;

const DeflateOptions& DeflatePool::options() const noexcept { return impl_->options(); }
std::size_t DeflatePool::memory() const noexcept { return impl_->memory(); }
std::size_t DeflatePool::idle() const noexcept { return impl_->idle(); }

bool deflate_available() noexcept { return true; }

std::unique_ptr<MessageCodec> make_deflate_codec(const std::shared_ptr<DeflatePool>& pool,
                                                 Role role,
                                                 const std::optional<DeflateParameters>& agreed) {
  if (!pool || !agreed) return nullptr;
  const DeflateOptions& options = pool->options();
  const bool is_server = role == Role::server;
  const bool we_forget =
      is_server ? agreed->server_no_context_takeover : agreed->client_no_context_takeover;
  const bool peer_forgets =
      is_server ? agreed->client_no_context_takeover : agreed->server_no_context_takeover;
  const int our_bits = (is_server ? agreed->server_max_window_bits : agreed->client_max_window_bits)
                           .value_or(most_window_bits);
  const int peer_bits =
      (is_server ? agreed->client_max_window_bits : agreed->server_max_window_bits)
          .value_or(most_window_bits);
  // We want no context, but the agreement lets the peer keep one: its messages may refer to earlier
  // ones, so we keep the context that costs the least memory.
  const DeflateContext wanted = receive_context(options, role);
  const DeflateContext following =
      wanted == DeflateContext::none ? DeflateContext::dictionary : wanted;
  return std::make_unique<DeflateCodec>(
      pool,
      DeflateCodec::Direction{
          .context = we_forget ? DeflateContext::none : send_context(options, role),
          .window_bits = std::min(our_bits, options.send_window_bits)},
      DeflateCodec::Direction{.context = peer_forgets ? DeflateContext::none : following,
                              .window_bits = peer_bits});
}

}  // namespace wirespan
