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

constexpr std::size_t close_code_size = 2;
constexpr std::size_t max_close_reason = max_control_payload - close_code_size;
/// So many more messages as long as the first are expected in the output of one batch.
constexpr std::size_t most_like_this = 32;
/// Bytes; shorter messages fit the smallest block many times over.
constexpr std::size_t worth_planning = 512;

/// What a Close frame says. §5.5.1, §7.4.
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

/// As much of a message as a Close frame holds, cut between code points; nothing if it is no UTF-8.
std::string_view as_close_reason(std::string_view message) noexcept {
  if (!is_valid_utf8(wire_bytes(message))) return {};
  std::size_t size = std::min(message.size(), max_close_reason);
  const auto inside_code_point = [&] {
    return size < message.size() && (static_cast<unsigned char>(message[size]) & 0xC0) == 0x80;
  };
  while (inside_code_point()) --size;
  return message.substr(0, size);
}

/// The input holds the end of another message, with nothing but sound frames before it. Each frame
/// is looked at once for the message in front of it.
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

/// `frame` is what usual_frame() says of `in`.
bool message_follows(Bytes in, UsualFrame frame, FrameRules rules) noexcept {
  if (frame.header_size == 0) return message_follows_in_parts(in, rules);
  return in.size() - frame.header_size >= frame.payload_size;
}

bool is_nothing(const Event& event) noexcept { return std::holds_alternative<NeedInput>(event); }

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

/// The event is made where the caller will look at it: copied, it would wait for its own parts.
Event Connection::next() {
  Event event;
  in_place_ = {};
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

/// §5.5.1, §7.1.7: nothing the peer still sends is of interest, and nothing is sent any more.
void Connection::forget_input() {
  input_ = {};
  kept_input_.clear();
  control_.clear();
  assembler_.discard();
  codec_.reset();
}

/// The short way for a message that lies in the input as one usual frame. It does nothing that
/// next_from_input() would not do, and leaves to it whatever cannot be judged at a glance, so also
/// all that is wrong.
bool Connection::take_usual_message(Event& out) {
  if (!decoder_.between_frames() || assembler_.under_way()) return false;
  UsualFrame frame = std::exchange(ahead_, {});
  if (frame.header_size == 0) frame = usual_frame(input_, role_);
  const bool is_whole =
      frame.header_size != 0 && input_.size() - frame.header_size >= frame.payload_size;
  if (!is_whole) return false;
  const ReceiveOptions& options = options_->receive;
  if (frame.payload_size > options.max_message_size || options.max_fragments == 0) return false;

  const auto opcode = static_cast<Opcode>(input_[0] & std::byte{0x0F});
  const MutableBytes payload = input_.subspan(frame.header_size, frame.payload_size);
  if (role_ == Role::server) {
    MaskKey key;
    std::memcpy(key.data(), payload.data() - key.size(), key.size());
    apply_mask(payload, key);
  }
  const bool is_checked = opcode == Opcode::text && options.validate_utf8;
  input_ = input_.subspan(frame.header_size + frame.payload_size);
  if (is_checked && !is_valid_utf8(payload)) {
    out = fail_with(Errc::invalid_utf8);
    return true;
  }
  if (role_ == Role::server && kept_input_.empty()) {
    in_place_ = payload;
    in_place_is_valid_text_ = is_checked;
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
      on_data(chunk, event);
    }
  }
}

void Connection::on_data(const FrameChunk& chunk, Event& event) {
  if (const auto error = assembler_.push(chunk, options_->receive, event, codec_.get())) {
    event = fail_with(error);
  } else if (auto* message = std::get_if<Message>(&event)) {
    message->last_in_batch = !message_follows(input_, usual_frame(input_, role_), decoder_.rules());
  }
}

/// A control frame that lies in the input as one piece is not copied.
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
      return on_close(payload);  // the decoder lets no other control opcode pass
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
  if (!close_sent_) {  // §5.5.1: the same code goes back
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

void Connection::fail(std::error_code error) {
  if (failed_) return;
  failed_ = true;
  input_ = {};  // not the kept copy: a message that lies in it may still be borrowed
  const bool peer_listens = !eof_ && !close_sent_ && !close_received_;
  if (peer_listens) {
    const std::string message = error.message();
    const auto sent = append_close(close_code_for(error), as_close_reason(message));
    (void)sent;  // without a mask key there is no way to say it
  }
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

std::error_code Connection::send(Opcode opcode, Bytes payload, bool fin, Compress compress) {
  if (const auto error = check_send(opcode)) return error;
  const bool stands_alone = fin && opcode != Opcode::continuation && codec_ == nullptr;
  if (!stands_alone) return send_part(opcode, payload, fin, compress);
  if (opcode == Opcode::text && !may_be_sent_as_text(payload)) return Errc::invalid_text;
  if (role_ == Role::client) return append({.opcode = opcode}, payload);
  make_room_for_batch(payload.size());
  append_whole_message(output_, opcode, payload);
  return {};
}

/// What was just received as text is not judged again.
bool Connection::may_be_sent_as_text(Bytes payload) const noexcept {
  const bool is_known = in_place_is_valid_text_ && !payload.empty() &&
                        payload.data() == in_place_.data() && payload.size() == in_place_.size();
  return is_known || !options_->validate_sent_text || is_valid_utf8(payload);
}

/// What later parts or later messages depend on.
std::error_code Connection::send_part(Opcode opcode, Bytes payload, bool fin, Compress compress) {
  const Opcode message = opcode == Opcode::continuation ? sending_ : opcode;
  Utf8Validator utf8 = opcode == Opcode::continuation ? sent_utf8_ : Utf8Validator();
  if (message == Opcode::text && options_->validate_sent_text) {
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

std::optional<FrameHead> Connection::begin_gather(Opcode opcode, Bytes payload, Compress compress) {
  if (role_ != Role::server || !output_.empty() || output_blocked_) return std::nullopt;
  if (opcode == Opcode::continuation || check_send(opcode)) return std::nullopt;
  if (is_to_be_encoded(opcode, payload, compress)) return std::nullopt;
  if (opcode == Opcode::text && !may_be_sent_as_text(payload)) return std::nullopt;
  return make_frame_head({.payload_size = payload.size(), .opcode = opcode});
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

std::error_code Connection::append(const FrameHeader& unmasked, Bytes payload) {
  FrameHeader header = unmasked;
  header.masked = role_ == Role::client;
  const MaskSource& source = options_->mask_source;
  if (header.masked && (source.next == nullptr || !source.next(source.context, header.mask))) {
    return Errc::no_mask_key;
  }
  make_room_for_batch(payload.size());
  append_frame(output_, header, payload);
  return {};
}

/// What answers a batch of input tends to be as long as the rest of it: room is made once, so that
/// the block need not be moved while it grows.
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

/// RFC 7692 §6.1: the parts of a message are compressed as one; the first frame has RSV1.
std::error_code Connection::append_encoded(FrameHeader header, Bytes payload) {
  // What cannot be sent must not be referred to later.
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
