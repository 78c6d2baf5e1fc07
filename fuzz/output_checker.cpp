// output_checker.cpp - parses and checks frames without the library's own decoder. RFC 6455 §5.
#include "output_checker.hpp"

#include <wirespan/core/close_code.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan::fuzz {
namespace {

unsigned value_of(std::byte byte) { return std::to_integer<unsigned>(byte); }

/// Reads the payload length and checks that it has its shortest form; sets `at` to the first byte
/// after it.
std::uint64_t take_length(Bytes frame, std::size_t& at) {
  const unsigned form = value_of(frame[1]) & 0x7F;
  const std::size_t extended = form < 126 ? 0 : (form == 126 ? 2 : 8);
  require(frame.size() >= 2 + extended, "a frame has a whole header");
  at = 2 + extended;
  if (extended == 0) return form;
  std::uint64_t length = 0;
  for (std::size_t i = 2; i < at; ++i) length = length << 8 | value_of(frame[i]);
  require(length > (extended == 2 ? 125U : 65535U), "a length has its shortest form");
  require(length >> 63 == 0, "a length has its top bit clear");
  return length;
}

bool is_utf8(Bytes text) {
  Utf8Validator validator;
  return feed_reference(validator, text) && validator.complete();
}

}  // namespace

void OutputChecker::take(Bytes frames) {
  while (!frames.empty()) frames = take_frame(frames);
}

Bytes OutputChecker::take_frame(Bytes frames) {
  require(frames.size() >= 2, "a frame has two bytes");
  const unsigned first = value_of(frames[0]);
  const bool masked = (value_of(frames[1]) & 0x80) != 0;
  const bool rsv1 = (first & 0x40) != 0;
  require((first & (allows_rsv1_ ? 0x30U : 0x70U)) == 0, "no reserved bit is set");
  require(masked == (sender_ == Role::client), "clients mask and servers do not");
  std::size_t at = 0;
  const std::uint64_t length = take_length(frames, at);
  const std::size_t head = at + (masked ? 4 : 0);
  require(frames.size() >= head && frames.size() - head >= length, "a frame is whole");

  latest_ = owned(frames.subspan(head, static_cast<std::size_t>(length)));
  for (std::size_t i = 0; masked && i < latest_.size(); ++i) latest_[i] ^= frames[at + i % 4];
  latest_opcode_ = Opcode{static_cast<std::uint8_t>(first & 0x0F)};
  require(!is_reserved(latest_opcode_), "no reserved opcode is used");
  const bool fin = (first & 0x80) != 0;
  if (is_control(latest_opcode_)) {
    require(!rsv1, "a control frame is not compressed");
    check_control(fin);
  } else {
    check_data(fin, rsv1);
  }
  return frames.subspan(head + latest_.size());
}

void OutputChecker::check_data(bool fin, bool rsv1) {
  require(closes_ == 0, "no data follows a Close");
  const bool continues = latest_opcode_ == Opcode::continuation;
  require(continues == under_way_, "fragments are in order");
  require(!rsv1 || !continues, "RSV1 is in the first frame of a message");
  if (!continues) text_ = latest_opcode_ == Opcode::text && !rsv1;
  under_way_ = !fin;
  if (!text_ || !text_is_checked_) return;
  message_.insert(message_.end(), latest_.begin(), latest_.end());
  if (!fin) return;
  require(is_utf8(message_), "a text is UTF-8");
  message_.clear();
}

void OutputChecker::check_control(bool fin) {
  require(fin, "control frames are not fragmented");
  require(latest_.size() <= 125, "control frames are short");
  if (latest_opcode_ == Opcode::pong) ++pongs_;
  if (latest_opcode_ != Opcode::close) return;
  require(++closes_ == 1, "there is one Close");
  check_close();
}

void OutputChecker::check_close() const {
  require(latest_.size() != 1, "a close code has two bytes");
  if (latest_.empty()) return;
  const unsigned code = value_of(latest_[0]) << 8 | value_of(latest_[1]);
  require(may_be_on_the_wire(CloseCode{static_cast<std::uint16_t>(code)}), "a close code is legal");
  require(is_utf8(Bytes(latest_).subspan(2)), "a close reason is UTF-8");
}

}  // namespace wirespan::fuzz
