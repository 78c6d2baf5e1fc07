// session_calls.cpp - the application's half of SessionOwner: events, and the calls that the tape
// chooses.
#include <algorithm>
#include <utility>

#include "session_owner.hpp"
#include "session_rival.hpp"
#include <wirespan/core/error.hpp>

namespace wirespan::fuzz {
namespace {

constexpr std::array<std::string_view, 3> keys{"a", "bb", "ccc"};
/// Bytes that tell messages apart.
constexpr std::size_t number_size = 4;

bool is_ascii(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b < std::byte{0x80}; });
}

}  // namespace

// Events.

void SessionOwner::on_event(const Event& event) {
  using Kind = ExpectedEvent::Kind;
  require(!ended_, "nothing follows the end");
  ended_ = std::holds_alternative<CloseReceived>(event) || std::holds_alternative<Failed>(event);
  if (const auto* message = std::get_if<Message>(&event)) {
    expect(Kind::message, message->payload);
  } else if (const auto* fragment = std::get_if<Fragment>(&event)) {
    expect(Kind::fragment, fragment->payload);
  } else if (const auto* ping = std::get_if<Ping>(&event)) {
    expect(Kind::ping, ping->payload);
  } else if (const auto* pong = std::get_if<Pong>(&event)) {
    expect(Kind::pong, pong->payload);
  }
}

/// Compares an event with the one that the reference implementation has, lets the application act,
/// and checks that borrowed bytes are unchanged afterwards.
void SessionOwner::expect(ExpectedEvent::Kind kind, Bytes payload) {
  if (reference_ != nullptr) {
    require(expected_ < reference_->events().size(), "nothing is reported that did not come");
    const ExpectedEvent& expected = reference_->events()[expected_++];
    require(expected.kind == kind, "events are what came, in order");
    require(same_bytes(expected.payload, payload), "a payload is what came");
  }
  const OwnedBytes before = owned(payload);
  const std::uint8_t choice = tape_.next();
  if (choice < 0x70 || act(choice, payload)) return;
  require(same_bytes(before, payload), "sending does not hurt what was received");
}

// Calls.

bool SessionOwner::act(std::uint8_t choice, Bytes received) {
  const bool fin = (choice & 1) == 0;
  const net::SendHow how{
      .fin = fin,
      .compress = (choice & 2) != 0 ? Compress::never : Compress::if_agreed,
      .admission = (choice & 12) == 12 ? net::Admission::granted : net::Admission::ask};
  switch (choice >> 4) {
    case 0x7:
      change_reading(choice);
      return false;
    case 0x8:
      send({.opcode = Opcode::text, .payload = payload(), .fin = fin}, how);
      return false;
    case 0x9:
      send({.payload = payload(), .fin = fin}, how);
      return false;
    case 0xA:
      send({.opcode = Opcode::continuation, .payload = payload(), .fin = fin}, how);
      return false;
    case 0xB:
      send_keyed(choice, how.admission);
      return false;
    case 0xC:
      publish(choice);
      return false;
    case 0xD:
      if ((choice & 8) == 0) {
        control(choice);
      } else if (!received.empty() && !drops()) {
        send({.payload = owned(received), .borrowed = received}, {.compress = how.compress});
      }
      return false;
    case 0xE:
      close(choice);
      return false;
    default:
      return end(choice);
  }
}

/// `replaceable`: its frame must differ from all others, as that of each message that may be
/// dropped.
OwnedBytes SessionOwner::payload(bool replaceable) {
  constexpr std::array<std::size_t, 8> sizes{0, 1, 4, 60, 125, 126, 300, 4095};
  const std::uint8_t choice = tape_.next();
  const std::size_t least = replaceable || drops() ? number_size : 0;
  OwnedBytes bytes(std::max(sizes[choice & 7], least), std::byte{'a'});
  // Frames are told apart by their number.
  std::size_t number = ++sequence_;
  for (std::size_t i = 0; i < std::min(bytes.size(), number_size); ++i, number /= 16) {
    bytes[i] = std::byte{static_cast<std::uint8_t>('A' + number % 16)};
  }
  if ((choice & 0xF0) == 0xF0 && !bytes.empty()) bytes.back() = std::byte{0xFF};  // no UTF-8
  return bytes;
}

void SessionOwner::send(Request request, net::SendHow how) {
  const Bytes bytes = request.borrowed.empty() ? Bytes(request.payload) : request.borrowed;
  const bool is_text = request.opcode == Opcode::text || request.opcode == Opcode::continuation;
  if (how.admission == net::Admission::granted) {
    if (is_text && !is_ascii(bytes)) return;  // it was found valid when it was granted
    granted_ += bytes.size() + 256;
  }
  // The first fragment decides about compression for all. RFC 7692 §6.1.
  const bool is_asked = how.compress == Compress::if_agreed;
  request.may_be_compressed =
      settings_.compresses && (is_asked || request.opcode == Opcode::continuation);
  const auto once = [&] {
    const auto error = session_.send(request.opcode, bytes, how);
    ledger_.after_send(request, error, session_.take_dropped(), session_.take_conflated());
    return error;
  };
  auto error = once();
  // The kernel was not asked yet: the owner writes, and sends again.
  if (error == Errc::send_queue_full && !session_.has_backlog() && !session_.over()) {
    write();
    error = once();
  }
  require(!error || error == Condition::misuse || error == Condition::backpressure ||
              error == Errc::no_mask_key,
          "a message is refused for its caller's fault, for want of room or of a key");
  // A message above the whole budget is refused for good.
  const bool is_for_good =
      error == Errc::send_budget_spent && bytes.size() > settings_.budget.limit;
  const bool is_refused = error == Errc::send_queue_full || error == Errc::send_budget_spent;
  drain_owed_ = drain_owed_ || (is_refused && !is_for_good && session_.has_backlog());
  if (session_.should_write_now()) {
    write();
    session_.collect_debts();
  }
  after_call();
}

void SessionOwner::send_keyed(std::uint8_t choice, net::Admission admission) {
  const std::string key(keys[choice % keys.size()]);
  const Opcode opcode = (choice & 2) != 0 ? Opcode::text : Opcode::binary;
  send({.opcode = opcode, .payload = payload(true), .key = key},
       {.admission = admission, .key = key});
}

void SessionOwner::publish(std::uint8_t choice) {
  if (settings_.role != Role::server) return;
  const std::string key = (choice & 4) != 0 ? std::string(keys[choice % keys.size()]) : "";
  const Compress compress = (choice & 8) != 0 ? Compress::never : Compress::if_agreed;
  const Request request{.payload = payload(true),
                        .key = key,
                        .may_be_compressed = settings_.compresses && compress != Compress::never};
  const auto frame = PublishedFrame::make(request.opcode, request.payload, key, compress);
  const auto error = session_.send_published(frame);
  ledger_.after_send(request, error, session_.take_dropped(), session_.take_conflated());
  after_call();
}

void SessionOwner::control(std::uint8_t choice) {
  const Opcode opcode = (choice & 1) != 0 ? Opcode::ping : Opcode::pong;
  send({.opcode = opcode, .payload = payload()}, {});
}

void SessionOwner::close(std::uint8_t choice) {
  constexpr std::array<std::uint16_t, 8> codes{1000, 1001, 999, 1005, 3000, 4999, 1010, 0};
  const std::uint16_t value = codes[choice & 7];
  const std::uint8_t more = tape_.next();
  const auto after = (choice & 8) != 0 ? net::AfterClose::deliver : net::AfterClose::discard;
  const auto time = (more & 1) != 0 ? std::optional(std::chrono::milliseconds(more)) : std::nullopt;
  const std::size_t closes = ledger_.closes();
  const auto error = session_.close(value == 0 ? std::nullopt : std::optional(CloseCode{value}),
                                    (more & 2) != 0 ? "reason" : "", time, after);
  after_call();
  require(ledger_.closes() - closes == (error ? 0U : 1U), "a close sends one Close frame");
}

void SessionOwner::change_reading(std::uint8_t choice) {
  switch (choice & 7) {
    case 0:
    case 1:
      session_.pause();
      break;
    case 2:
    case 3:
      (void)session_.resume(now_);
      break;
    case 4:
      session_.hung_up();
      break;
    case 5:
      session_.owe_drain();
      break;
    case 6:
      session_.stop_delivery();
      break;
    default:
      if (rival_) rival_->send(payload());
  }
  after_call();
}

/// The calls that may end the session. True if borrowed views need not be valid after it.
bool SessionOwner::end(std::uint8_t choice) {
  switch (choice & 7) {
    case 0:
      session_.fail(Errc::slow_sender);
      break;
    case 1:
      session_.abort(Errc::connection_lost);
      break;
    case 2:
      write_fails_ = true;
      return false;
    case 3:
      session_.limit_close(now_ + std::chrono::milliseconds(tape_.next()));
      return false;
    case 4:
      write();
      break;
    default:
      return false;
  }
  after_call();
  return true;
}

}  // namespace wirespan::fuzz
