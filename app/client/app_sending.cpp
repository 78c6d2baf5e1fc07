// app_sending.cpp - one run of WebSocketApp: messages of its own thread, of others, and kept ones.
#include <new>

#include <wirespan/app/client/app_run.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/net/channel_impl.hpp>

namespace wirespan {

/// Sends on the loop's thread. The outbox is drained first: messages that other threads sent before
/// stay in front.
SendResult WebSocketApp::Run::try_send(const net::MessageLog::Message& message) {
  if (mask_keys_.is_asking()) return Errc::reentrant_call;
  if (stop_request_) return Errc::not_open;
  if (remote_.has_listed()) drain(net::Remote::Look::early);
  if (!channel_) return Errc::not_open;
  const bool waits = channel_->has_backlog();
  const auto error = send(message, net::Admission::ask);
  if (error == Errc::send_queue_full) shared_.note_refused();
  if (error == Errc::overflow_closed) has_overflowed_ = true;
  if (error) return error;
  return waits ? SendResult::Outcome::queued : SendResult::Outcome::sent;
}

void WebSocketApp::Run::pause(bool paused) {
  if (!channel_) return;
  paused ? channel_->pause_reading() : channel_->resume_reading();
}

void WebSocketApp::Run::owe_drain() {
  if (channel_) channel_->owe_drain();
}

void WebSocketApp::Run::on_drained() {
  shared_.settle_drain();
  guarded([&] { app_.on_drain(); });
}

std::error_code WebSocketApp::Run::send(const net::MessageLog::Message& message,
                                        net::Admission admission) {
  const auto error =
      channel_->send(message.opcode, message.payload,
                     {.compress = message.compress, .admission = admission, .key = message.key});
  if (error == Errc::no_mask_key) channel_->fail(error);
  if (!error && !is_control(message.opcode)) shared_.counters().messages_out.add();
  return error;
}

/// Sends a message that Remote has admitted. If memory runs out the connection is aborted, and its
/// accepted bytes are counted in RunResult::unsent_bytes.
std::error_code WebSocketApp::Run::send_granted(const net::MessageLog::Message& message) {
  try {
    const auto error = send(message, net::Admission::granted);
    if (!error) (void)remote_.set_unsent(account_, channel_->unsent_bytes());
    return error;
  } catch (const std::bad_alloc&) {
    const auto error = make_error_code(std::errc::not_enough_memory);
    channel_->abort(error);
    return error;
  }
}

/// A message that the connection did not accept stays kept, for the next one.
void WebSocketApp::Run::send_kept() {
  while (channel_) {
    const auto message = shared_.next_kept();
    if (!message) break;
    const auto error = send_granted(*message);
    shared_.end_kept(!error);
    if (error) return;
  }
  if (shared_.owes_drain()) owe_drain();
}

/// A connection takes nothing more once the peer's Close has come, or when it has ended.
std::error_code WebSocketApp::Run::deliver(const net::MessageLog::Message& message) {
  const auto error = channel_ ? send_granted(message) : make_error_code(Errc::not_open);
  const bool given_back = error == Errc::not_open && shared_.give_back(message);
  return given_back ? std::error_code{} : error;
}

void WebSocketApp::Run::drain_listed() {
  remote_.drain_listed([this](std::uint32_t) { drain(net::Remote::Look::listed); });
}

void WebSocketApp::Run::drain(net::Remote::Look look) {
  remote_.drain_account(
      account_, 0, look,
      [this](const net::MessageLog::Message& message) { return deliver(message); }, [] {},
      [this] { close_for_overflow(); });
  const std::uint64_t dropped = remote_.counts().dropped.load(std::memory_order_relaxed);
  shared_.counters().dropped.add(dropped - std::exchange(dropped_on_the_way_, dropped));
  shared_.tell_room();
}

/// Overflow::close for a message of another thread; those of the run's own are Session's to judge.
void WebSocketApp::Run::close_for_overflow() {
  if (!channel_ || stop_request_) return;
  has_overflowed_ = true;
  const auto error = channel_->close(CloseCode::try_again_later, "too slow");
  if (error == Errc::no_mask_key) channel_->fail(error);
}

}  // namespace wirespan
