#include <algorithm>

#include <wirespan/core/keep_alive.hpp>

namespace wirespan {

KeepAlive::KeepAlive(Options options, TimePoint now) noexcept
    : options_(options), next_ping_(now + options.interval), listening_since_(now) {}

void KeepAlive::on_pong(TimePoint now) noexcept { last_pong_ = now; }

void KeepAlive::listen_from(TimePoint now) noexcept {
  listening_since_ = std::max(listening_since_, now);
}

KeepAliveAction KeepAlive::tick(TimePoint now) noexcept {
  if (options_.interval.count() <= 0) return KeepAliveAction::none;
  if (awaits_pong() && options_.timeout && now >= pong_deadline()) {
    return KeepAliveAction::peer_is_gone;
  }
  if (now < next_ping_) return KeepAliveAction::none;
  last_ping_ = now;
  next_ping_ = now + options_.interval;  // after a long sleep one ping, not all that were missed
  return KeepAliveAction::send_ping;
}

std::optional<TimePoint> KeepAlive::next_deadline() const noexcept {
  if (options_.interval.count() <= 0) return std::nullopt;
  if (!awaits_pong() || !options_.timeout) return next_ping_;
  return std::min(next_ping_, pong_deadline());
}

TimePoint KeepAlive::pong_deadline() const noexcept {
  return std::max(*last_ping_, listening_since_) + *options_.timeout;
}

bool KeepAlive::awaits_pong() const noexcept {
  return last_ping_ && (!last_pong_ || *last_pong_ < *last_ping_);
}

}  // namespace wirespan
