// endpoint.cpp - parses frames, echoes messages and answers control frames, all but the flaw.
#include "broken/endpoint.hpp"

#include <algorithm>
#include <utility>

namespace conformance {

void Endpoint::receive(std::string_view octets) {
  input_.append(octets);
  while (!over_) {
    if (!frame_ && !begin_frame()) return;
    if (over_) return;
    take_payload();
    if (over_ || !frame_ || frame_->missing > 0) return;
    finish_frame();
    frame_.reset();
  }
}

Octets Endpoint::take_output() { return std::exchange(output_, {}); }

bool Endpoint::begin_frame() {
  if (input_.size() < 2) return false;
  const unsigned first = value_of(input_[0]);
  const unsigned second = value_of(input_[1]);
  OpenFrame frame{.opcode = static_cast<std::uint8_t>(first & 15),
                  .fin = (first & 0x80) != 0,
                  .missing = second & 0x7f,
                  .mask = 0,
                  .payload = {}};
  std::size_t size = 2;
  const std::size_t more = frame.missing == 127 ? 8 : frame.missing == 126 ? 2 : 0;
  const bool masked = (second & 0x80) != 0;
  if (input_.size() < size + more + (masked ? 4 : 0)) return false;
  const std::string_view head(input_);
  if (more != 0) frame.missing = from_big_endian(head.substr(size, more));
  size += more;
  if (masked) frame.mask = static_cast<std::uint32_t>(from_big_endian(head.substr(size, 4)));
  size += masked ? 4 : 0;
  input_.erase(0, size);
  if (!header_allowed(frame, first >> 4 & 7) || !order_allowed(frame)) {
    fail(1002);
    return false;
  }
  frame_ = std::move(frame);
  return true;
}

bool Endpoint::header_allowed(const OpenFrame& frame, unsigned rsv) {
  const bool control = frame.opcode >= 8;
  const bool reserved = (frame.opcode > 2 && frame.opcode < 8) || frame.opcode > 10;
  if (rsv != 0 && !has(Flaw::ignores_reserved_bits)) return false;
  if (reserved && !has(Flaw::ignores_reserved_opcodes)) return false;
  if (control && frame.missing > 125 && !has(Flaw::accepts_long_pings)) return false;
  return !control || frame.fin || has(Flaw::accepts_fragmented_pings);
}

bool Endpoint::order_allowed(const OpenFrame& frame) {
  if (frame.opcode > 2) return true;
  const bool continues = frame.opcode == opcode::continuation;
  if (continues != (message_opcode_ != 0) && !has(Flaw::accepts_stray_fragments)) return false;
  if (!continues || message_opcode_ == 0) {
    message_opcode_ = continues ? opcode::text : frame.opcode;
    message_.clear();
    fragments_ = 0;
    utf8_ = {};
  }
  ++fragments_;
  return true;
}

void Endpoint::take_payload() {
  OpenFrame& frame = *frame_;
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(frame.missing, input_.size()));
  Octets piece = input_.substr(0, size);
  input_.erase(0, size);
  apply_mask(piece, 0, frame.mask);
  // The next piece begins at a later octet of the key.
  const auto turn = 8 * (size % 4);
  if (turn != 0) frame.mask = frame.mask << turn | frame.mask >> (32 - turn);
  frame.missing -= size;
  if (frame.opcode > 2) {
    frame.payload += piece;
    return;
  }
  if (message_opcode_ == opcode::text) on_text(piece);
  if (fragments_ != 2 || !has(Flaw::loses_second_fragment)) message_ += piece;
}

void Endpoint::on_text(std::string_view piece) {
  if (has(Flaw::accepts_bad_utf8) || has(Flaw::checks_utf8_late)) return;
  if (!utf8_.feed(piece)) fail(1007);
}

void Endpoint::finish_frame() {
  if (frame_->opcode <= 2) {
    if (frame_->fin) finish_message();
  } else if (frame_->opcode == opcode::ping) {
    on_ping();
  } else if (frame_->opcode == opcode::close) {
    on_close();
  }
}

void Endpoint::finish_message() {
  const auto code = std::exchange(message_opcode_, std::uint8_t{0});
  if (code == opcode::text && !has(Flaw::accepts_bad_utf8)) {
    if (has(Flaw::checks_utf8_late) ? !is_utf8(message_) : !utf8_.complete()) return fail(1007);
  }
  if (has(Flaw::cuts_last_octet) && !message_.empty()) message_.pop_back();
  send(has(Flaw::answers_text_as_binary) ? opcode::binary : code, std::exchange(message_, {}));
}

void Endpoint::on_ping() {
  ++pings_;
  if (has(Flaw::answers_no_ping)) return;
  if (has(Flaw::answers_one_ping_of_two) && pings_ % 2 == 0) return;
  send(opcode::pong, has(Flaw::empties_pongs) ? Octets{} : frame_->payload);
}

std::optional<std::uint16_t> Endpoint::close_defect() const {
  const Octets& payload = frame_->payload;
  if (payload.size() == 1) return 1002;
  if (payload.empty()) return std::nullopt;
  const auto code = from_big_endian(payload.substr(0, 2));
  const bool allowed =
      (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
      (code >= 3000 && code <= 4999);
  if (!allowed && !has(Flaw::accepts_any_close_code)) return 1002;
  const bool utf8 = is_utf8(std::string_view(payload).substr(2));
  if (!utf8 && !has(Flaw::accepts_any_close_reason)) return 1007;
  return std::nullopt;
}

void Endpoint::on_close() {
  if (closed_ || has(Flaw::answers_no_close)) return;
  if (const auto code = close_defect()) return fail(*code);
  send(opcode::close, frame_->payload.empty() ? Octets{} : close_payload(1000));
  closed_ = true;
  // These two flaws ignore the closing handshake, for as long as the other side allows.
  over_ = !has(Flaw::answers_after_close) && !has(Flaw::keeps_tcp);
}

void Endpoint::fail(std::uint16_t code) {
  if (has(Flaw::echoes_late)) output_.clear();
  send(opcode::close, close_payload(has(Flaw::wrong_close_code) ? 1008 : code));
  closed_ = true;
  over_ = true;
}

void Endpoint::send(std::uint8_t code, Octets payload) {
  if (closed_ && !has(Flaw::answers_after_close)) return;
  Frame frame{.opcode = code, .payload = std::move(payload)};
  if (has(Flaw::wrongly_masked)) frame.masking = Masking::against_the_role;
  if (has(Flaw::lengths_not_minimal) && frame.payload.size() < 65536 && code <= 2) {
    frame.length_form = LengthForm::in_64_bits;
  }
  output_ += encode(frame, role_).octets;
}

}  // namespace conformance
