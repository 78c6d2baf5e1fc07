// channel_input.hpp - Channel: from the stream to the handler.
#pragma once

#include <algorithm>
#include <utility>
#include <variant>

#include <wirespan/core/error.hpp>
#include <wirespan/core/overloaded.hpp>
#include <wirespan/net/channel.hpp>

namespace wirespan::net {

template <Stream S, class Handler>
void Channel<S, Handler>::pump() {
  if (phase_ == Phase::lingering) return discard_input();
  if (connection().has_unread_input()) deliver();  // of a pause that is over; it comes first
  pumping_ = true;
  std::size_t budget = limits::read_per_turn;
  while (phase_ == Phase::running && reads() && read_once(budget)) {
  }
  pumping_ = false;
}

/// True if there is more to read in this turn.
template <Stream S, class Handler>
bool Channel<S, Handler>::read_once(std::size_t& budget) {
  own_output();
  const MutableBytes window = connection().receive_window(loop_.receive_buffer());
  const IoResult result = stream_.read_some(window);
  read_wants_write_ = result.status == IoStatus::want_write;
  switch (result.status) {
    case IoStatus::want_read:
    case IoStatus::want_write:
      return false;
    case IoStatus::error:
      note_failure(result.error);
      finish();
      return false;
    case IoStatus::eof:
      peer_ended_ = true;
      connection().feed_eof();
      deliver();
      return false;
    case IoStatus::ok:
      break;
  }
  last_activity_ = loop_.now();
  if constexpr (requires { handler_.on_bytes_read(result.bytes); }) {
    handler_.on_bytes_read(result.bytes);
  }
  note_received_at(result.received_at);
  connection().feed(window.first(result.bytes));
  read_is_last_ = result.bytes < window.size() && !stream_.has_buffered_input();
  deliver();
  read_is_last_ = false;
  if (options_.progress_time) note_progress(result.bytes);
  // A stream that stops short with more at hand has reached a bound of its own (records of TLS).
  const bool stopped_short = result.bytes < window.size() && stream_.has_buffered_input();
  budget -= std::min(budget, stopped_short ? window.size() : result.bytes);
  return should_read_on(result.bytes == window.size(), budget);
}

/// Few streams tell, and the others are not to pay for it.
template <Stream S, class Handler>
void Channel<S, Handler>::note_received_at(ReceiveTime time) {
  if (rare_ || time != ReceiveTime()) rare().received_at = time;
}

/// One read a turn is a connection's share. Inside a large message it goes on, so that the message
/// is finished while it is in the cache; and what TLS has decrypted already has to be taken.
template <Stream S, class Handler>
bool Channel<S, Handler>::should_read_on(bool window_was_filled, std::size_t budget) {
  if (phase_ != Phase::running || !reads()) return false;
  const bool hidden_input = stream_.has_buffered_input();
  const bool inside_message = window_was_filled && connection().inside_data_frame();
  if (!hidden_input && !inside_message) return false;
  if (budget > 0) return true;
  if (hidden_input) read_later();
  return false;
}

/// A pause or a hold is over. What came meanwhile is not read from here: the caller may be inside a
/// handler.
template <Stream S, class Handler>
void Channel<S, Handler>::listen_again() {
  const TimePoint now = loop_.network().now();
  if (rare_) rare_->keep_alive.listen_from(now);
  if (!backlog_) last_activity_ = now;
  read_later();
}

template <Stream S, class Handler>
void Channel<S, Handler>::read_later() {
  read_again_ = true;
  loop_.flush_later(*this);
}

template <Stream S, class Handler>
void Channel<S, Handler>::deliver() {
  const bool outer = std::exchange(pumping_, true);
  while (phase_ == Phase::running) {
    // Each message of one batch may ask for much.
    if (connection().has_unread_input() && is_above_high()) held_ = options_.hold_reading;
    if (paused_ || held_) {
      connection().keep_unread_input();
      break;
    }
    const Event event = connection().next();
    if (std::holds_alternative<NeedInput>(event)) break;
    dispatch(event);
    if (lends_delivered_) own_delivered();
  }
  pumping_ = outer;
}

template <Stream S, class Handler>
void Channel<S, Handler>::dispatch(const Event& event) {
  std::visit(Overloaded{
                 [](const NeedInput&) {},
                 [&](const Message& message) { handler_.on_message(message); },
                 [&](const Fragment& fragment) { handler_.on_fragment(fragment); },
                 [&](const Ping& ping) { on_ping(ping); },
                 [&](const Pong& pong) {
                   rare().keep_alive.on_pong(loop_.now());
                   handler_.on_pong(pong.payload);
                 },
                 [&](const CloseReceived& close) {
                   rare().end.code = close.code;
                   rare().end.reason = close.reason;
                 },
                 [&](const Failed& failed) { note_failure(failed.error); },
             },
             event);
}

template <Stream S, class Handler>
void Channel<S, Handler>::on_ping(const Ping& ping) {
  const TimePoint now = loop_.now();
  if (now - rare().ping_window >= std::chrono::seconds(1)) {
    rare().ping_window = now;
    rare().pings_in_window = 0;
  }
  if (++rare().pings_in_window > connection().options().receive.max_pings_per_second) {
    note_failure(Errc::ping_flood);
    connection().fail(Errc::ping_flood);
    return;
  }
  handler_.on_ping(ping.payload);
}

}  // namespace wirespan::net
