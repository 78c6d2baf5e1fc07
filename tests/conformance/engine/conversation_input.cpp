// conversation_input.cpp - received frames become events; the other side's Close frame.
#include <algorithm>

#include "engine/conversation.hpp"

namespace conformance {
namespace {

/// True for codes that a Close frame may carry by RFC 6455 §7.4, without 1012 to 1014, which were
/// registered later.
bool may_be_sent(std::uint16_t code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace

void Conversation::take_input() {
  while (!gone_ && !facts_.close_received) {
    auto frame = frames_.next();
    if (frame) {
      on_frame(std::move(*frame));
      continue;
    }
    if (frames_.violation() && !facts_.failed_by_suite) on_violation(*frames_.violation());
    return;
  }
}

void Conversation::on_violation(const Violation& violation) {
  fail(violation.code, "violation: " + violation.what);
}

void Conversation::on_frame(ReceivedFrame frame) {
  log(false, describe_header(frame.opcode, frame.fin, frame.rsv), frame.payload);
  if (frame.opcode == opcode::close) return on_close(frame.payload);
  if (facts_.failed_by_suite) return;
  if (frame.opcode == opcode::ping) {
    if (!close_sent_) send_frame({.opcode = opcode::pong, .payload = std::move(frame.payload)});
    return;
  }
  if (frame.opcode == opcode::pong) {
    return on_event(pong_event(std::move(frame.payload)));
  }
  auto message = messages_.add(std::move(frame));
  if (messages_.violation()) return on_violation(*messages_.violation());
  if (!message) return;
  if (exchange_ != nullptr) return judge_exchanged(*message);
  on_event({Event::Kind::message, std::move(message->payload), message->binary});
}

void Conversation::on_event(Event event) {
  facts_.received.push_back(std::move(event));
  if (!plan_.close_on_match || !plan_.close.by_suite || close_sent_) return;
  const bool matches = std::ranges::all_of(
      plan_.expected, [&](const Alternative& each) { return each.events == facts_.received; });
  if (matches && !plan_.expected.empty()) begin_close(close_payload(1000));
}

void Conversation::judge_exchanged(const ReceivedMessage& message) {
  if (message.binary != exchange_->binary || message.payload != outstanding_) {
    note("message " + std::to_string(exchanged_ + 1) + " came back changed");
    exchange_ = nullptr;
    step_ = plan_.script.size();
    on_event({Event::Kind::exchange, "a message came back changed"});
    if (!close_sent_) begin_close(close_payload(1000));
    return;
  }
  ++exchanged_;
  if (exchanged_ < exchange_->count) return send_next_of_exchange();
  const auto count = exchange_->count;
  exchange_ = nullptr;
  on_event(exchanged(count));
}

std::optional<Violation> Conversation::close_defect(const Octets& payload) const {
  if (payload.empty()) return std::nullopt;
  if (payload.size() == 1) return Violation{1002, "Close frame with one octet"};
  const auto code = static_cast<std::uint16_t>(from_big_endian(payload.substr(0, 2)));
  const auto& allowed = plan_.close.codes;
  if (!may_be_sent(code) && std::ranges::find(allowed, code) == allowed.end()) {
    return Violation{1002, "close code " + std::to_string(code)};
  }
  if (!is_utf8(std::string_view(payload).substr(2))) {
    return Violation{1007, "close reason that is not UTF-8"};
  }
  return std::nullopt;
}

void Conversation::on_close(const Octets& payload) {
  if (const auto defect = close_defect(payload)) return on_violation(*defect);
  facts_.close_received = true;
  facts_.reaction = std::chrono::duration<double, std::milli>(Clock::now() - last_write_).count();
  if (payload.size() >= 2) {
    facts_.remote_code = static_cast<std::uint16_t>(from_big_endian(payload.substr(0, 2)));
    facts_.remote_reason = payload.substr(2);
  }
  step_ = plan_.script.size();
  wait_ = nullptr;
  wait_end_.reset();
  if (!close_sent_) {
    // Drops output that has not begun; the answer follows at once.
    while (output_.size() > (output_offset_ > 0 ? 1U : 0U)) output_.pop_back();
    begin_close(close_payload(1000));
  }
  finish_closing_handshake();
}

}  // namespace conformance
