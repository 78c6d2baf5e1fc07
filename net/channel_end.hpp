// channel_end.hpp - Channel: from the last frame to the closed descriptor. RFC 6455 §7.1.1.
#pragma once

#include <utility>

#include <wirespan/net/channel.hpp>

namespace wirespan::net {

template <Stream S, class Handler>
void Channel<S, Handler>::follow_transport_action() {
  if (!connection_) return;
  const TransportAction action = connection().transport_action();
  const bool closing = action != TransportAction::keep || connection().close_sent();
  if (closing && !rare().close_deadline) rare().close_deadline = after(options_.close_time);
  if (action == TransportAction::keep) return;
  if (peer_ended_ && connection().failed()) return finish();
  if (unsent_bytes() > 0) return;  // the deadline bounds this wait
  if (peer_ended_) return finish();
  if (action == TransportAction::await_peer_close) {
    shut_down_ = true;  // the server ends the connection, not we
    linger(options_.peer_close_time);
  } else {
    linger(options_.close_time);
  }
}

/// Our side has said all; the peer gets time to read it. Closing at once would answer whatever the
/// peer still sends with a reset, which destroys our Close frame on its way.
template <Stream S, class Handler>
void Channel<S, Handler>::linger(std::chrono::milliseconds time) {
  phase_ = Phase::lingering;
  rare().close_deadline = after(time);
}

template <Stream S, class Handler>
void Channel<S, Handler>::try_shutdown() {
  if (shut_down_) return;
  const IoResult result = stream_.shutdown();
  shutdown_wants_write_ = result.status == IoStatus::want_write;
  shut_down_ = !result.would_block();
  if (result.status == IoStatus::error) finish();
}

template <Stream S, class Handler>
void Channel<S, Handler>::discard_input() {
  std::size_t in_this_turn = 0;
  while (in_this_turn < limits::read_per_turn) {
    const IoResult result = stream_.read_some(loop_.receive_buffer());
    read_wants_write_ = result.status == IoStatus::want_write;
    if (result.would_block()) return;
    if (!result.is_ok()) return finish();
    in_this_turn += result.bytes;
    rare().discarded += result.bytes;
    if (rare().discarded > limits::linger_bytes) return finish();
  }
}

/// Not by the clock of the turn: a handler may have taken its time.
template <Stream S, class Handler>
TimePoint Channel<S, Handler>::after(std::chrono::milliseconds time) {
  return loop_.network().now() + time;
}

/// The first failure counts, and none does after the peer's Close frame.
template <Stream S, class Handler>
void Channel<S, Handler>::note_failure(std::error_code error) {
  const bool peer_has_closed = connection_ && connection_->close_received();
  if (!failure_ && !peer_has_closed) failure_ = error;
}

template <Stream S, class Handler>
void Channel<S, Handler>::finish() {
  if (phase_ == Phase::ended) return;
  phase_ = Phase::ended;
  loop_.timers().cancel(*this);
  loop_.forget(stream_.fd(), *this);
  if (!failure_) (void)stream_.shutdown();  // TLS: says that nothing was cut off
  ChannelEnd end = rare_ ? std::move(rare_->end) : ChannelEnd();
  end.error = failure_;
  end.unsent_bytes = unsent_bytes();
  release_queue();
  account();
  { const S dying = std::move(stream_); }  // the descriptor is closed before the owner hears of it
  handler_.on_end(end);
}

}  // namespace wirespan::net
