// reference_receiver.cpp - the plain receiver: one frame after the other, one check for each rule.
#include "reference_receiver.hpp"

#include <algorithm>
#include <utility>

#include <wirespan/core/error.hpp>

namespace wirespan::fuzz {
namespace {

unsigned value_of(std::byte byte) { return std::to_integer<unsigned>(byte); }

}  // namespace

void ReferenceReceiver::run(Bytes wire) {
  while (take_frame(wire)) {
  }
}

bool ReferenceReceiver::fail(std::error_code error) {
  events_.push_back({.kind = ExpectedEvent::Kind::failed, .error = error});
  idle_ = false;
  return false;
}

/// Takes one frame off the input. False at the end of the input or of the connection.
bool ReferenceReceiver::take_frame(Bytes& wire) {
  idle_ = wire.empty() && !under_way_;
  if (wire.size() < 2) return false;
  Head head{.first = value_of(wire[0]), .second = value_of(wire[1])};
  if (!judge_two_bytes(head) || !read_rest_of_head(wire, head)) return false;
  const bool is_data = !head.control();
  if (is_data && !judge_message(head)) return false;

  const Bytes rest = wire.subspan(head.size);
  const bool whole = rest.size() >= head.length;
  OwnedBytes payload = owned(whole ? rest.first(static_cast<std::size_t>(head.length)) : rest);
  if (head.masked()) {
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] ^= head.key[i % 4];
  }
  if (is_data && !take_text(payload, whole && head.fin())) return false;
  if (!whole) return false;
  wire = rest.subspan(payload.size());
  if (!is_data) return finish_control(head, std::move(payload));
  finish_data(head, std::move(payload));
  return true;
}

/// Checks the first two bytes of a frame: every rule of §5.2 and §5.5 that they can break.
bool ReferenceReceiver::judge_two_bytes(const Head& head) {
  if ((head.first & 0x70) != 0) return fail(Errc::reserved_bits);
  constexpr std::array<unsigned, 6> known{0x0, 0x1, 0x2, 0x8, 0x9, 0xA};
  if (std::find(known.begin(), known.end(), head.opcode()) == known.end()) {
    return fail(Errc::reserved_opcode);
  }
  if (head.control() && !head.fin()) return fail(Errc::fragmented_control);
  if (head.control() && head.short_length() > 125) return fail(Errc::oversized_control);
  if (role_ == Role::server && !head.masked()) return fail(Errc::missing_mask);
  if (role_ == Role::client && head.masked()) return fail(Errc::unexpected_mask);
  return true;
}

bool ReferenceReceiver::read_rest_of_head(Bytes wire, Head& head) {
  const unsigned form = head.short_length();
  const std::size_t extended = form < 126 ? 0 : (form == 126 ? 2 : 8);
  head.size = 2 + extended + (head.masked() ? 4 : 0);
  if (wire.size() < head.size) return false;
  head.length = extended == 0 ? form : 0;
  for (std::size_t i = 0; i < extended; ++i) {
    head.length = head.length * 256 + value_of(wire[2 + i]);
  }
  if (head.masked()) std::copy_n(wire.subspan(2 + extended).begin(), 4, head.key.begin());
  if (head.length > 0x7FFF'FFFF'FFFF'FFFFU) return fail(Errc::length_overflow);
  if (extended == 2 && head.length < 126) return fail(Errc::nonminimal_length);
  if (extended == 8 && head.length < 65536) return fail(Errc::nonminimal_length);
  return true;
}

/// Checks §5.4 and the limits of ReceiveOptions as soon as the header of a data frame is complete.
bool ReferenceReceiver::judge_message(const Head& head) {
  if (head.opcode() == 0) {
    if (!under_way_) return fail(Errc::unexpected_continuation);
  } else {
    if (under_way_) return fail(Errc::expected_continuation);
    under_way_ = true;
    message_ = Opcode{static_cast<std::uint8_t>(head.opcode())};
    announced_ = 0;
    frames_ = 0;
    text_ = Utf8Validator();
  }
  const std::uint64_t left = options_.max_message_size - announced_;
  if (head.length > left) return fail(Errc::message_too_big);
  announced_ += head.length;
  ++frames_;
  if (frames_ > options_.max_fragments) return fail(Errc::too_many_fragments);
  return true;
}

bool ReferenceReceiver::take_text(Bytes payload, bool ends) {
  if (message_ != Opcode::text || !options_.validate_utf8) return true;
  const bool valid = feed_reference(text_, payload) && (!ends || text_.complete());
  return valid || fail(Errc::invalid_utf8);
}

void ReferenceReceiver::finish_data(const Head& head, OwnedBytes payload) {
  const bool unfragmented = head.fin() && frames_ == 1;
  under_way_ = !head.fin();
  if (options_.deliver_fragments && !unfragmented) {
    events_.push_back({.kind = ExpectedEvent::Kind::fragment,
                       .opcode = Opcode{static_cast<std::uint8_t>(head.opcode())},
                       .fin = head.fin(),
                       .payload = std::move(payload)});
    return;
  }
  collected_.insert(collected_.end(), payload.begin(), payload.end());
  if (!head.fin()) return;
  events_.push_back({.kind = ExpectedEvent::Kind::message,
                     .opcode = message_,
                     .payload = std::exchange(collected_, {})});
}

bool ReferenceReceiver::finish_control(const Head& head, OwnedBytes payload) {
  if (head.opcode() == 0x8) return finish_close(std::move(payload));
  const bool ping = head.opcode() == 0x9;
  events_.push_back({.kind = ping ? ExpectedEvent::Kind::ping : ExpectedEvent::Kind::pong,
                     .payload = std::move(payload)});
  return true;
}

bool ReferenceReceiver::finish_close(OwnedBytes payload) {
  if (payload.size() == 1) return fail(Errc::short_close_payload);
  ExpectedEvent close{.kind = ExpectedEvent::Kind::close};
  if (payload.size() >= 2) {
    const unsigned code = value_of(payload[0]) * 256 + value_of(payload[1]);
    const bool ours = code >= 3000 && code <= 4999;
    const bool registered = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
    if (!ours && !registered) return fail(Errc::invalid_close_code);
    close.code = CloseCode{static_cast<std::uint16_t>(code)};
    close.payload.assign(payload.begin() + 2, payload.end());
    Utf8Validator reason;
    if (!feed_reference(reason, close.payload) || !reason.complete()) {
      return fail(Errc::invalid_close_reason);
    }
  }
  events_.push_back(std::move(close));
  idle_ = !under_way_;
  return false;
}

}  // namespace wirespan::fuzz
