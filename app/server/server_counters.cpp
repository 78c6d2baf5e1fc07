// server_counters.cpp - sorts refusals by limit, measures loop lag, adds up the counters of a loop.
#include <algorithm>
#include <new>

#include <wirespan/app/server/server_counters.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan {

void LoopLag::note(TimePoint now, std::chrono::nanoseconds turn) noexcept {
  const auto age = now - window_start_.load(std::memory_order_relaxed);
  if (age >= window) {
    const std::int64_t last = current_.exchange(0, std::memory_order_relaxed);
    previous_.store(age < 2 * window ? last : 0, std::memory_order_relaxed);
    window_start_.store(now, std::memory_order_release);
  }
  if (turn.count() > current_.load(std::memory_order_relaxed)) {
    current_.store(turn.count(), std::memory_order_relaxed);
  }
}

std::chrono::nanoseconds LoopLag::longest(TimePoint now) const noexcept {
  const auto age = now - window_start_.load(std::memory_order_acquire);
  if (age >= 2 * window) return {};
  const std::int64_t last = current_.load(std::memory_order_relaxed);
  const std::int64_t before = age < window ? previous_.load(std::memory_order_relaxed) : 0;
  return std::chrono::nanoseconds(std::max(last, before));
}

void ServerCounters::count_failed_handshake(std::error_code error) noexcept {
  if (!error || error == Errc::connection_lost || error == Errc::origin_not_welcome) return;
  if (error == Errc::handshake_timeout) {
    refused.handshake_time.add();
  } else if (error == Errc::head_too_long || error == Errc::target_too_long) {
    refused.head_size.add();
  } else if (error == Errc::too_many_fields) {
    refused.head_fields.add();
  } else if (error == Errc::request_rejected) {
    refused.rejected.add();
  } else if (error == Errc::bad_proxy_header) {
    refused.proxy.add();
  } else if (error == Condition::handshake_failed) {
    refused.bad_request.add();
  } else if (error.category() != std::system_category()) {
    refused.tls.add();
  }
}

void ServerCounters::count_failed_connection(std::error_code error) noexcept {
  if (!error || error == Errc::connection_lost) return;
  if (error == Errc::message_too_big) {
    refused.message_size.add();
  } else if (error == Errc::too_many_fragments) {
    refused.fragments.add();
  } else if (error == Errc::ping_flood) {
    refused.pings.add();
  } else if (error == Errc::idle_timeout) {
    refused.idle_time.add();
  } else if (error == Errc::slow_sender) {
    refused.progress.add();
  } else if (error == Errc::ping_timeout) {
    refused.pong_time.add();
  } else if (error == Errc::overflow_closed) {
    refused.overflow_closed.add();
  } else if (error == Condition::resources) {
    refused.resources.add();
  } else if (error == Condition::protocol_violation) {
    refused.protocol.add();
  }
}

/// If there is no memory for a new code, that close is missing from the statistics.
void ServerCounters::count_close(CloseCode code) noexcept {
  const std::lock_guard lock(mutex_);
  try {
    ++closes_by_code_[static_cast<std::uint16_t>(code)];
  } catch (const std::bad_alloc&) {
    return;
  }
}

void ServerCounters::add_to(ServerStats& stats, TimePoint now) const {
  stats.handshaking += handshaking.get();
  stats.accepted += accepted.get();
  stats.opened += opened.get();
  stats.closed += closed.get();
  stats.http_requests += http_requests.get();
  stats.messages_in += messages_in.get();
  stats.messages_out += messages_out.get();
  stats.bytes_in += bytes_in.get();
  stats.bytes_out += bytes_out.get();
  stats.conflated += conflated.get();
  stats.unsent_at_close += unsent_at_close.get();
  stats.send_queue += send_queue.get();
  stats.loop_lag = std::max(stats.loop_lag, lag.longest(now));
  stats.refused.handshake_time += refused.handshake_time.get();
  stats.refused.head_size += refused.head_size.get();
  stats.refused.head_fields += refused.head_fields.get();
  stats.refused.bad_request += refused.bad_request.get();
  stats.refused.tls += refused.tls.get();
  stats.refused.origin += refused.origin.get();
  stats.refused.rejected += refused.rejected.get();
  stats.refused.connections += refused.connections.get();
  stats.refused.address += refused.address.get();
  stats.refused.proxy += refused.proxy.get();
  stats.refused.no_descriptor += refused.no_descriptor.get();
  stats.refused.message_size += refused.message_size.get();
  stats.refused.fragments += refused.fragments.get();
  stats.refused.pings += refused.pings.get();
  stats.refused.idle_time += refused.idle_time.get();
  stats.refused.progress += refused.progress.get();
  stats.refused.pong_time += refused.pong_time.get();
  stats.refused.protocol += refused.protocol.get();
  stats.refused.send_queue += refused.send_queue.get();
  stats.refused.send_budget += refused.send_budget.get();
  stats.refused.dropped += refused.dropped.get();
  stats.refused.overflow_closed += refused.overflow_closed.get();
  stats.refused.resources += refused.resources.get();
  const std::lock_guard lock(mutex_);
  for (const auto& [code, count] : closes_by_code_) stats.closes_by_code[code] += count;
}

}  // namespace wirespan
