// connection_output.cpp - output of a connection: frames, appended or in place. RFC 6455 §5 to §7.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {
namespace {

constexpr std::size_t max_close_reason = max_control_payload - close_code_size;
/// Most messages, each as long as the first, that make_room_for_batch() plans for.
constexpr std::size_t most_like_this = 32;
/// Bytes; make_room_for_batch() leaves a batch that begins with a shorter message alone.
constexpr std::size_t worth_planning = 512;

/// Returns as much of `message` as fits into a Close frame, cut between code points; empty if it is
/// not UTF-8.
std::string_view as_close_reason(std::string_view message) noexcept {
  if (!is_valid_utf8(wire_bytes(message))) return {};
  std::size_t size = std::min(message.size(), max_close_reason);
  const auto inside_code_point = [&] {
    return size < message.size() && (static_cast<unsigned char>(message[size]) & 0xC0) == 0x80;
  };
  while (inside_code_point()) --size;
  return message.substr(0, size);
}

}  // namespace

std::error_code check_close(Role role, std::optional<CloseCode> code,
                            std::string_view reason) noexcept {
  if (role == Role::server && code == CloseCode::mandatory_extension) {
    return Errc::close_code_not_allowed;
  }
  if (code ? !may_be_on_the_wire(*code) : !reason.empty()) return Errc::close_code_not_allowed;
  if (reason.size() > max_close_reason) return Errc::control_too_long;
  return is_valid_utf8(wire_bytes(reason)) ? std::error_code{} : Errc::invalid_text;
}

std::error_code Connection::send(Opcode opcode, Bytes payload, bool fin, Compress compress,
                                 TextCheck check) {
  if (const auto error = check_send(opcode)) return error;
  const bool stands_alone = fin && opcode != Opcode::continuation && codec_ == nullptr;
  if (!stands_alone) return send_part(opcode, payload, fin, compress, check);
  const bool is_unknown_text = opcode == Opcode::text && check == TextCheck::needed;
  if (is_unknown_text && !may_be_sent_as_text(payload)) return Errc::invalid_text;
  if (role_ == Role::client) return append({.opcode = opcode}, payload);
  make_room_for_batch(payload.size());
  append_whole_message(output_, opcode, payload);
  return {};
}

/// True if `payload` is UTF-8, or validate_sent_text is off. The text message that was just
/// received is not validated again.
bool Connection::may_be_sent_as_text(Bytes payload) const noexcept {
  const bool lies_in_input = !payload.empty() && is_same_memory(payload, in_place_);
  const bool is_known = delivered_is_valid_text_ && (lies_in_input || holds_delivered(payload));
  return is_known || !options_->validate_sent_text || is_valid_utf8(payload);
}

/// Slow path of send(), for a connection with compression and for fragments: keeps the state that
/// later fragments and messages depend on.
std::error_code Connection::send_part(Opcode opcode, Bytes payload, bool fin, Compress compress,
                                      TextCheck check) {
  const Opcode message = opcode == Opcode::continuation ? sending_ : opcode;
  Utf8Validator utf8 = opcode == Opcode::continuation ? sent_utf8_ : Utf8Validator();
  if (message == Opcode::text && check == TextCheck::needed && options_->validate_sent_text) {
    if (!utf8.feed(payload) || (fin && !utf8.complete())) return Errc::invalid_text;
  }
  const bool encoded = is_to_be_encoded(opcode, payload, compress);
  const FrameHeader header{.opcode = opcode, .fin = fin};
  if (const auto error = encoded ? append_encoded(header, payload) : append(header, payload)) {
    return error;
  }
  sending_encoded_ = encoded && !fin;
  sending_ = fin ? Opcode::continuation : message;
  sent_utf8_ = utf8;
  return {};
}

std::error_code Connection::check_message(Opcode opcode, Bytes payload, bool fin) const noexcept {
  if (const auto error = check_send(opcode)) return error;
  const bool continues = opcode == Opcode::continuation;
  const bool is_text = (continues ? sending_ : opcode) == Opcode::text;
  if (!is_text || !options_->validate_sent_text) return {};
  Utf8Validator utf8 = continues ? sent_utf8_ : Utf8Validator();
  const bool is_valid = utf8.feed(payload) && (!fin || utf8.complete());
  return is_valid ? std::error_code{} : Errc::invalid_text;
}

std::error_code Connection::ping(Bytes payload) { return send_control(Opcode::ping, payload); }

std::error_code Connection::pong(Bytes payload) { return send_control(Opcode::pong, payload); }

std::error_code Connection::send_control(Opcode opcode, Bytes payload) {
  if (state() != State::open) return Errc::not_open;
  if (payload.size() > max_control_payload) return Errc::control_too_long;
  return append({.opcode = opcode}, payload);
}

std::error_code Connection::close(std::optional<CloseCode> code, std::string_view reason) {
  if (state() != State::open) return Errc::not_open;
  if (const auto error = check_close(role_, code, reason)) return error;
  return append_close(code, reason);
}

Expected<PublishedFrame::Ptr> Connection::encode_apart(Opcode opcode, Bytes payload,
                                                       std::string_view key, TextCheck check) {
  if (opcode == Opcode::continuation) return make_error_code(Errc::unsupported_frame);
  if (const auto error = check_send(opcode)) return error;
  const bool is_unknown_text = opcode == Opcode::text && check == TextCheck::needed;
  if (is_unknown_text && !may_be_sent_as_text(payload)) return make_error_code(Errc::invalid_text);
  if (role_ == Role::server) return PublishedFrame::make(opcode, payload, key);
  MaskKey mask;
  if (!next_mask_key(mask)) return make_error_code(Errc::no_mask_key);
  return PublishedFrame::make_masked(opcode, payload, mask, key);
}

std::optional<FrameHead> Connection::begin_gather(Opcode opcode, Bytes payload, Compress compress) {
  if (role_ != Role::server || !output_.empty() || output_blocked_) return std::nullopt;
  if (opcode == Opcode::continuation || check_send(opcode)) return std::nullopt;
  if (is_to_be_encoded(opcode, payload, compress)) return std::nullopt;
  if (opcode == Opcode::text && !may_be_sent_as_text(payload)) return std::nullopt;
  return make_frame_head({.payload_size = payload.size(), .opcode = opcode});
}

bool Connection::holds_delivered(Bytes payload) const noexcept {
  return !payload.empty() && is_same_memory(payload, assembler_.delivered());
}

std::optional<Bytes> Connection::send_in_place(Opcode opcode, Bytes payload, Compress compress) {
  const bool lies_there = !in_place_.empty() && payload.data() == in_place_.data() &&
                          payload.size() <= in_place_.size();
  if (!lies_there || opcode == Opcode::continuation || check_send(opcode)) return std::nullopt;
  if (is_to_be_encoded(opcode, payload, compress)) return std::nullopt;
  if (opcode == Opcode::text && !may_be_sent_as_text(payload)) return std::nullopt;
  const FrameHead head = make_frame_head({.payload_size = payload.size(), .opcode = opcode});
  std::byte* const start = in_place_.data() - head.size;
  std::memcpy(start, head.storage.data(), head.size);
  in_place_ = {};
  return Bytes(start, head.size + payload.size());
}

void Connection::set_output_blocked(bool blocked) {
  output_blocked_ = blocked;
  if (blocked || !pong_pending_) return;
  pong_pending_ = false;
  if (!failed_ && !close_received_) {
    const auto error = append({.opcode = Opcode::pong}, pending_pong_.data());
    if (error) fail(error);
  }
  pending_pong_.clear();
}

std::error_code Connection::append_close(std::optional<CloseCode> code, std::string_view reason) {
  std::array<std::byte, max_control_payload> payload;
  std::size_t size = 0;
  if (code) {
    store_big_endian(std::span(payload).first<close_code_size>(),
                     static_cast<std::uint16_t>(*code));
    if (!reason.empty()) {
      std::memcpy(payload.data() + close_code_size, reason.data(), reason.size());
    }
    size = close_code_size + reason.size();
  }
  if (const auto error = append({.opcode = Opcode::close}, Bytes(payload).first(size))) {
    return error;
  }
  close_sent_ = true;
  return {};
}

bool Connection::next_mask_key(MaskKey& key) const {
  const MaskSource& source = options_->mask_source;
  return source.next != nullptr && source.next(source.context, key);
}

std::error_code Connection::append(const FrameHeader& unmasked, Bytes payload) {
  FrameHeader header = unmasked;
  header.masked = role_ == Role::client;
  if (header.masked && !next_mask_key(header.mask)) return Errc::no_mask_key;
  make_room_for_batch(payload.size());
  append_frame(output_, header, payload);
  return {};
}

/// Reserves output for the replies to a batch of input, which tend to be as long as the rest of the
/// input, so that the block is not moved while it grows.
void Connection::make_room_for_batch(std::size_t first) {
  if (first < worth_planning || input_.empty() || output_blocked_ || !output_.empty()) return;
  const std::size_t expected = std::min(input_.size(), most_like_this * first);
  (void)output_.prepare(max_frame_header_size + first + expected);
}

bool Connection::is_to_be_encoded(Opcode opcode, Bytes payload, Compress compress) const noexcept {
  if (codec_ == nullptr) return false;
  if (opcode == Opcode::continuation) return sending_encoded_;
  return compress == Compress::if_agreed && codec_->is_worth(payload.size());
}

/// RFC 7692 §6.1: the fragments of a message are compressed as one; the first frame has RSV1.
std::error_code Connection::append_encoded(FrameHeader header, Bytes payload) {
  // Rolled back unless the frame is appended: later messages must not refer to bytes never sent.
  auto undo = [](MessageCodec* codec) noexcept { codec->roll_back(); };
  std::unique_ptr<MessageCodec, decltype(undo)> uncommitted(codec_.get(), undo);
  const bool first = header.opcode != Opcode::continuation;
  ByteBuffer encoded(*options_->blocks);
  const auto is_better = codec_->encode(payload, first, header.fin, encoded);
  if (!is_better) return is_better.error();
  if (!*is_better) {
    (void)uncommitted.release();
    return append(header, payload);
  }
  header.rsv1 = first;
  if (const auto error = append(header, encoded.data())) return error;
  uncommitted.release()->commit(payload, header.fin);
  return {};
}

void Connection::fail(std::error_code error) {
  if (failed_) return;
  failed_ = true;
  input_ = {};  // kept_input_ stays: an event may still borrow from it
  const bool peer_listens = !eof_ && !close_sent_ && !close_received_;
  if (peer_listens) {
    const std::string message = error.message();
    const auto sent = append_close(close_code_for(error), as_close_reason(message));
    (void)sent;  // without a mask key no Close frame can be sent
  }
}

}  // namespace wirespan
