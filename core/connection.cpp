// connection.cpp - input of a connection: frames to events, and the replies. RFC 6455 §5, §7.
#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <string>
#include <utility>

#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {
namespace {

/// Parses the payload of a Close frame: code and reason. §5.5.1, §7.4.
std::error_code parse_close(Bytes payload, CloseReceived& out) noexcept {
  if (payload.empty()) return {};
  if (payload.size() < close_code_size) return Errc::short_close_payload;
  out.code = CloseCode{load_big_endian<std::uint16_t>(payload.first<close_code_size>())};
  if (!may_be_on_the_wire(out.code)) return Errc::invalid_close_code;
  const Bytes reason = payload.subspan(close_code_size);
  if (!is_valid_utf8(reason)) return Errc::invalid_close_reason;
  out.reason = wire_text(reason);
  return {};
}

/// True if `in` holds the end of another message, with nothing but valid frames before it. The scan
/// stops at that end, so each frame is scanned once, for the message in front of it.
bool message_follows_in_parts(Bytes in, FrameRules rules) noexcept {
  while (in.size() >= 2) {
    FrameHeader header;
    const std::size_t size = parse_frame_header(in, header);
    if (size == 0 || header.payload_size > in.size() - size) return false;
    if (check_frame_header(header, rules) || header.opcode == Opcode::close) return false;
    if (!is_control(header.opcode) && header.fin) return true;
    in = in.subspan(size + static_cast<std::size_t>(header.payload_size));
  }
  return false;
}

/// The same, with a fast path for an unfragmented message. `frame` is usual_frame() of `in`.
bool message_follows(Bytes in, UsualFrame frame, FrameRules rules) noexcept {
  const bool is_usual = frame.header_size != 0 && is_whole_message(in[0]);
  if (!is_usual) return message_follows_in_parts(in, rules);
  return in.size() - frame.header_size >= frame.payload_size;
}

bool is_nothing(const Event& event) noexcept { return std::holds_alternative<NeedInput>(event); }

}  // namespace

Connection::Connection(Role role, std::shared_ptr<const ConnectionOptions> options,
                       std::unique_ptr<MessageCodec> codec)
    : options_(std::move(options)),
      codec_(std::move(codec)),
      decoder_(FrameRules{.receiver = role, .allow_rsv1 = codec_ != nullptr}),
      assembler_(*options_->blocks),
      kept_input_(*options_->blocks),
      control_(*options_->blocks),
      pending_pong_(*options_->blocks),
      output_(*options_->blocks),
      role_(role) {}

Connection::Connection(Role role, const ConnectionOptions& options,
                       std::unique_ptr<MessageCodec> codec)
    : Connection(role, std::make_shared<const ConnectionOptions>(options), std::move(codec)) {}

void Connection::feed(MutableBytes input) noexcept {
  assert(input_.empty() && "feed() before next() returned NeedInput: earlier input would be lost");
  kept_input_.clear();
  input_ = input;
}

/// Builds the event in the caller's object, field by field: copying it would cause a
/// store-forwarding stall.
Event Connection::next() {
  Event event;
  in_place_ = {};
  delivered_is_valid_text_ = false;
  assembler_.release_delivered();
  if (control_delivered_) {
    control_.clear();
    control_delivered_ = false;
  }
  if (failed_ || close_received_) {
    forget_input();
  } else if (!take_usual_message(event)) {
    next_from_input(event);
  }
  return event;
}

/// Drops the input and gives back its memory: after the peer's Close frame or a failure all input
/// is ignored, and no message is sent any more. §5.5.1, §7.1.7.
void Connection::forget_input() {
  input_ = {};
  kept_input_.clear();
  control_.clear();
  assembler_.discard();
  codec_.reset();
}

/// Fast path: an unfragmented, uncompressed data frame below 64 KiB that lies entirely in the
/// input. A few comparisons judge it, without the decoder and the assembler; a 16-byte echo takes
/// 234 instructions instead of 462. It does nothing that next_from_input(), the slow path, would
/// not do, and leaves every other frame to it, invalid headers included.
bool Connection::take_usual_message(Event& out) {
  if (!decoder_.between_frames() || assembler_.under_way()) return false;
  UsualFrame frame = std::exchange(ahead_, {});
  if (frame.header_size == 0) frame = usual_frame(input_, role_);
  const bool is_whole = frame.header_size != 0 && is_whole_message(input_[0]) &&
                        input_.size() - frame.header_size >= frame.payload_size;
  if (!is_whole) return false;

  const auto opcode = static_cast<Opcode>(input_[0] & std::byte{0x0F});
  const MutableBytes payload = input_.subspan(frame.header_size, frame.payload_size);
  if (role_ == Role::server) {
    MaskKey key;
    std::memcpy(key.data(), payload.data() - key.size(), key.size());
    apply_mask(payload, key);
  }
  input_ = input_.subspan(frame.header_size + frame.payload_size);
  const ReceiveOptions& options = options_->receive;
  if (const auto error = check_whole_message(opcode, payload, options)) {
    out = fail_with(error);
    return true;
  }
  if (role_ == Role::server && kept_input_.empty()) {
    in_place_ = payload;
    delivered_is_valid_text_ = opcode == Opcode::text && options.validate_utf8;
  }
  ahead_ = usual_frame(input_, role_);
  auto& message = out.emplace<Message>();
  message.opcode = opcode;
  message.payload = payload;
  message.last_in_batch = !message_follows(input_, ahead_, decoder_.rules());
  return true;
}

void Connection::next_from_input(Event& event) {
  while (is_nothing(event)) {
    FrameChunk chunk;
    const bool has_header = decoder_.between_frames();  // input_ has all of the next header
    const FrameDecoder::Status status = decoder_.next(input_, chunk);
    if (status == FrameDecoder::Status::need_more) {
      kept_input_.clear();
      if (!eof_) break;
      event = fail_with(Errc::connection_lost);
    } else if (status == FrameDecoder::Status::error) {
      event = fail_with(decoder_.error());
    } else if (is_control(chunk.header->opcode)) {
      event = on_control(chunk);
    } else {
      on_data(chunk, has_header, event);
    }
  }
}

/// `has_header`: the whole header of the frame lies in the input, in front of the chunk.
void Connection::on_data(const FrameChunk& chunk, bool has_header, Event& event) {
  if (const auto error = assembler_.push(chunk, options_->receive, event, codec_.get())) {
    event = fail_with(error);
  } else if (auto* message = std::get_if<Message>(&event)) {
    message->last_in_batch = !message_follows(input_, usual_frame(input_, role_), decoder_.rules());
    delivered_is_valid_text_ =
        message->is_text() && options_->receive.validate_utf8 && !assembler_.has_delivered_parts();
    const bool lies_in_input = has_header && is_same_memory(message->payload, chunk.payload);
    if (role_ == Role::server && kept_input_.empty() && lies_in_input) in_place_ = chunk.payload;
  }
}

/// Joins a control frame that came in pieces in control_; one that lies in the input is not copied.
Event Connection::on_control(const FrameChunk& chunk) {
  const bool whole = chunk.first && chunk.last;
  if (whole) {
    unmask(chunk);
  } else {
    const std::size_t size = chunk.payload.size();
    const MutableBytes room = control_.prepare(max_control_payload - control_.size());
    copy_unmasked(room.first(size), chunk);
    control_.commit(size);
    if (!chunk.last) return NeedInput{};
    control_delivered_ = true;
  }
  const Bytes payload = whole ? Bytes(chunk.payload) : Bytes(control_.data());
  switch (chunk.header->opcode) {
    case Opcode::ping:
      return on_ping(payload);
    case Opcode::pong:
      return Pong{payload};
    default:
      return on_close(payload);  // the decoder refuses all other control opcodes
  }
}

Event Connection::on_ping(Bytes payload) {
  if (output_blocked_) {
    pending_pong_.clear();
    pending_pong_.append(payload);
    pong_pending_ = true;
  } else if (const auto error = append({.opcode = Opcode::pong}, payload)) {
    return fail_with(error);
  }
  return Ping{payload};
}

Event Connection::on_close(Bytes payload) {
  CloseReceived close;
  if (const auto error = parse_close(payload, close)) return fail_with(error);
  close_received_ = true;
  if (!close_sent_) {  // §5.5.1: the echo has the same code
    const bool has_code = close.code != CloseCode::no_status_received;
    if (const auto error = append_close(has_code ? std::optional(close.code) : std::nullopt, {})) {
      return fail_with(error);
    }
  }
  return close;
}

Event Connection::fail_with(std::error_code error) {
  fail(error);
  return Failed{error};
}

MutableBytes Connection::receive_window(MutableBytes shared) {
  assembler_.release_delivered();
  if (!inside_data_frame()) return shared;
  const MutableBytes direct = assembler_.direct_window(decoder_.remaining(), shared.size());
  return direct.empty() ? shared : direct;
}

bool Connection::inside_data_frame() const noexcept {
  return decoder_.remaining() > 0 && !is_control(decoder_.header().opcode) && !failed_;
}

void Connection::keep_unread_input() {
  in_place_ = {};
  if (input_.empty() || !kept_input_.empty()) return;
  kept_input_.append(input_);
  input_ = kept_input_.data();
}

TransportAction Connection::transport_action() const noexcept {
  if (failed_) return TransportAction::close_after_flush;
  if (!close_sent_ || !close_received_) return TransportAction::keep;
  return role_ == Role::server ? TransportAction::close_after_flush
                               : TransportAction::await_peer_close;
}

bool Connection::is_like_new() const noexcept {
  const bool receives_nothing = input_.empty() && !eof_ && decoder_.between_frames() &&
                                !assembler_.under_way() && assembler_.memory() == 0 &&
                                control_.empty() && kept_input_.empty() && in_place_.empty();
  const bool sends_nothing = output_.empty() && !output_blocked_ && !pong_pending_ &&
                             sending_ == Opcode::continuation && codec_ == nullptr;
  return receives_nothing && sends_nothing && !close_sent_ && !close_received_ && !failed_;
}

std::size_t Connection::memory() const noexcept {
  return assembler_.memory() + kept_input_.capacity() + control_.capacity() +
         pending_pong_.capacity() + output_.capacity() + (codec_ ? codec_->memory() : 0);
}

}  // namespace wirespan
