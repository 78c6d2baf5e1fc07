// channel_output.hpp - Channel: from the handler to the stream, and what has to wait.
#pragma once

#include <algorithm>
#include <utility>

#include <wirespan/core/error.hpp>
#include <wirespan/net/channel.hpp>

namespace wirespan::net {

template <Stream S, class Handler>
void Channel<S, Handler>::note_sent() {
  note_high_water();
  if (!pumping_ && !backlog_) loop_.flush_later(*this);
}

/// Whoever is refused is told when there is room again.
template <Stream S, class Handler>
std::error_code Channel<S, Handler>::refuse() {
  above_high_ = true;
  return Errc::send_queue_full;
}

template <Stream S, class Handler>
void Channel<S, Handler>::write_output() {
  ByteBuffer& output = connection_.output();
  write_wants_read_ = false;
  const bool had_backlog = backlog_;
  while (!output.empty()) {
    const std::size_t size = output.size();
    const IoResult result = stream_.write_some(output.data());
    if (result.status == IoStatus::error) {
      note_failure(result.error);
      return finish();
    }
    write_wants_read_ = result.status == IoStatus::want_read;
    if (result.bytes > 0) last_activity_ = loop_.now();
    output.consume(std::min(result.bytes, size));
    if (!output.empty()) break;
    if (!std::exchange(backlog_, false)) continue;
    connection_.set_output_blocked(false);
    if (connection_.failed()) note_failure(Errc::no_mask_key);  // unless it had failed before
  }
  note_backlog(had_backlog);
}

/// Each call of the owner may end the channel, or send more.
template <Stream S, class Handler>
void Channel<S, Handler>::note_backlog(bool had_backlog) {
  const std::size_t unsent = unsent_bytes();
  if (unsent > 0 && !std::exchange(backlog_, true)) connection_.set_output_blocked(true);
  note_high_water();
  if (unsent > 0 || had_backlog) handler_.on_backlog(unsent);
  if (phase_ != Phase::running || unsent_bytes() > options_.send_low_watermark) return;
  if (std::exchange(held_, false)) listen_again();
  if (std::exchange(above_high_, false)) handler_.on_drained();
}

/// What finds no backlog may leave at once; whoever was not told to wait is not told to go on.
template <Stream S, class Handler>
void Channel<S, Handler>::note_high_water() {
  if (!backlog_ || !is_above_high()) return;
  above_high_ = true;
  held_ = options_.hold_reading;
}

}  // namespace wirespan::net
