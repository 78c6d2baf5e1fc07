// app_shared_send.cpp - messages to a WebSocketApp's connection from any thread: straight to it,
// into its outbox, or kept until there is one.
#include <new>
#include <string>

#include <wirespan/app/client/app_shared.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/frame.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/time.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {
namespace {

/// Returns why a message cannot be sent on any connection; its text is checked elsewhere.
std::error_code misuse_of(const net::MessageLog::Message& message) noexcept {
  const bool is_ping = message.opcode == Opcode::ping || message.opcode == Opcode::pong;
  const bool is_data = message.opcode == Opcode::text || message.opcode == Opcode::binary;
  if (!is_data && (!is_ping || !message.key.empty())) return Errc::unsupported_frame;
  if (is_ping && message.payload.size() > max_control_payload) return Errc::control_too_long;
  if (message.key.size() > limits::conflation_key) return Errc::key_too_long;
  return {};
}

bool is_invalid_text(const net::MessageLog::Message& message) noexcept {
  return message.opcode == Opcode::text && !is_valid_utf8(message.payload);
}

}  // namespace

// Messages that are kept.

std::optional<net::MessageLog::Message> WebSocketApp::Shared::next_kept() {
  const Lock lock(mutex_);
  if (!given_back_.empty()) return given_back_.begin_front();
  if (!kept_.empty()) return kept_.begin_front();
  is_keeping_ = false;
  return std::nullopt;
}

void WebSocketApp::Shared::end_kept(bool was_sent) noexcept {
  const Lock lock(mutex_);
  KeptMessages& log = given_back_.empty() ? kept_ : given_back_;
  was_sent ? log.pop() : log.end_front();
}

/// A message that a newer one with its key has replaced meanwhile is conflated.
bool WebSocketApp::Shared::give_back(const Message& message) noexcept {
  const Lock lock(mutex_);
  if (!keeps_while_down_ || !keep_running_ || is_control(message.opcode)) return false;
  try {
    if (kept_.held_for(message.key) > 0 || given_back_.replace(message)) {
      counters_.kept_conflated.add();
    } else {
      given_back_.push(message);
    }
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

std::size_t WebSocketApp::Shared::kept() const noexcept {
  const Lock lock(mutex_);
  return kept_payload();
}

std::size_t WebSocketApp::Shared::drop_kept() noexcept {
  const Lock lock(mutex_);
  const std::size_t lost = kept_payload();
  given_back_.clear();
  kept_.clear();
  return lost;
}

/// True if a message of this kind has to be kept. Pings and pongs are about one connection.
bool WebSocketApp::Shared::keeps(Opcode opcode) const noexcept {
  return is_keeping_ && keep_running_ && !is_control(opcode);
}

/// True if the message fits into AppOptions::down_limit, instead of one with the same key if there
/// is one; with Overflow::drop_oldest older ones make room.
bool WebSocketApp::Shared::has_room_to_keep(const Message& message) noexcept {
  const std::size_t size = KeptMessages::held_by(message);
  if (size > down_limit_) return false;
  const auto fits = [&] {
    const std::size_t freed = given_back_.held_for(message.key) + kept_.held_for(message.key);
    return size <= freed || given_back_.held() + kept_.held() - freed <= down_limit_ - size;
  };
  while (!fits()) {
    if (!makes_room_ || !(given_back_.drop_oldest() || kept_.drop_oldest())) return false;
    counters_.kept_dropped.add();
  }
  return true;
}

/// Keeps a message, in the place of one with the same key if there is one. Throws std::bad_alloc.
std::error_code WebSocketApp::Shared::keep(const Message& message) {
  if (!has_room_to_keep(message)) return Errc::send_queue_full;
  if (given_back_.replace(message) || kept_.replace(message)) {
    counters_.kept_conflated.add();
  } else {
    kept_.push(message);
  }
  return {};
}

// For any thread.

/// True if a message may be handed over: after close() it may not, although the closing handshake
/// may be under way.
bool WebSocketApp::Shared::accepts() const noexcept { return open_ && keep_running_; }

void WebSocketApp::Shared::wait_for_room(Lock& lock, std::optional<TimePoint> deadline) {
  if (!deadline) {
    room_.wait(lock);
  } else if (room_.wait_until(lock, *deadline) == std::cv_status::timeout) {
    throw_for(Errc::send_timeout, "send");
  }
}

std::error_code WebSocketApp::Shared::hand_over(const Message& message) {
  if (!accepts()) return Errc::not_open;
  const std::uint32_t generation = account_->generation.load(std::memory_order_relaxed);
  return remote_->send(*account_, generation, 0, message.opcode, message.payload, message.compress,
                       message.key);
}

/// Straight to the connection. A misuse is told whatever the state is, as on other threads.
SendResult WebSocketApp::Shared::send_directly(const Message& message) {
  const SendResult result = port_->try_send(message);
  const bool is_of_the_state = result == Errc::not_open || result == Errc::reentrant_call;
  return is_of_the_state && is_invalid_text(message) ? Errc::invalid_text : result;
}

void WebSocketApp::Shared::send(const Message& message) {
  if (const auto misuse = misuse_of(message)) throw_for(misuse, "send");
  if (on_run_thread() && port_->is_connected()) {
    const SendResult result = send_directly(message);
    return result.failed() ? throw_for(result.error(), "send") : void();
  }
  if (is_invalid_text(message)) throw_for(Errc::invalid_text, "send");
  post(message);
}

void WebSocketApp::Shared::post(const Message& message) {
  Lock lock(mutex_);
  std::optional<TimePoint> deadline;
  if (const auto timeout = getdefaulttimeout()) {
    deadline = std::chrono::steady_clock::now() + bounded(*timeout);
  }
  while (!keeps(message.opcode)) {
    const auto error = hand_over(message);
    if (!error) return;
    if (error != Errc::send_queue_full) throw_for(error, "send");
    wait_for_room(lock, deadline);
  }
  if (const auto error = keep(message)) {
    throw_for(error, "send of " + std::to_string(message.payload.size()) +
                         " bytes without a connection, down_limit " + std::to_string(down_limit_));
  }
}

SendResult WebSocketApp::Shared::try_send(const Message& message) noexcept {
  if (const auto misuse = misuse_of(message)) return misuse;
  try {
    if (on_run_thread() && port_->is_connected()) return send_directly(message);
    if (is_invalid_text(message)) return Errc::invalid_text;
    return try_post(message);
  } catch (const std::bad_alloc&) {
    return make_error_code(std::errc::not_enough_memory);
  }
}

/// A refusal makes on_drain due: the run is told once, or finds it when the next connection has
/// taken the messages that were kept.
SendResult WebSocketApp::Shared::try_post(const Message& message) {
  const Lock lock(mutex_);
  const bool is_kept = keeps(message.opcode);
  const std::error_code error = is_kept ? keep(message) : hand_over(message);
  if (!error) return SendResult::Outcome::queued;
  if (error != Errc::send_queue_full || owes_drain_) return error;
  owes_drain_ = is_kept || remote_->post([this] {
    if (port_ != nullptr) port_->owe_drain();
  });
  return error;
}

// on_drain.

void WebSocketApp::Shared::note_refused() noexcept {
  const Lock lock(mutex_);
  owes_drain_ = true;
}

bool WebSocketApp::Shared::owes_drain() const noexcept {
  const Lock lock(mutex_);
  return owes_drain_;
}

void WebSocketApp::Shared::settle_drain() noexcept {
  const Lock lock(mutex_);
  owes_drain_ = false;
}

}  // namespace wirespan
