// keep_alive.cpp - the times of pings, and the deadline of the oldest unanswered one.
#include <algorithm>
#include <charconv>

#include <wirespan/core/keep_alive.hpp>

namespace wirespan {

KeepAlive::KeepAlive(Options options, TimePoint now) noexcept
    : options_(options), next_ping_(later(now, options.interval)), listening_since_(now) {}

void KeepAlive::on_pong(TimePoint now, bool is_of_latest) noexcept {
  last_pong_ = now;
  if (is_of_latest) {
    unanswered_since_.reset();
  } else if (unanswered_since_) {
    unanswered_since_ = last_ping_;
  }
}

void KeepAlive::on_life() noexcept {
  if (!options_.only_pongs_count) unanswered_since_.reset();
}

void KeepAlive::listen_from(TimePoint now) noexcept {
  listening_since_ = std::max(listening_since_, now);
}

KeepAliveAction KeepAlive::tick(TimePoint now) noexcept {
  if (options_.interval.count() <= 0) return KeepAliveAction::none;
  const auto deadline = answer_deadline();
  if (deadline && now >= *deadline) return KeepAliveAction::peer_is_gone;
  if (now < next_ping_) return KeepAliveAction::none;
  last_ping_ = now;
  if (!unanswered_since_) unanswered_since_ = now;
  next_ping_ = later(now, options_.interval);  // one ping after a long sleep, not one per interval
  return KeepAliveAction::send_ping;
}

std::optional<TimePoint> KeepAlive::next_deadline() const noexcept {
  if (options_.interval.count() <= 0) return std::nullopt;
  const auto deadline = answer_deadline();
  return deadline ? std::min(next_ping_, *deadline) : next_ping_;
}

std::optional<TimePoint> KeepAlive::answer_deadline() const noexcept {
  if (!unanswered_since_ || !options_.timeout) return std::nullopt;
  return later(std::max(*unanswered_since_, listening_since_), *options_.timeout);
}

std::string numbered_ping(std::string_view payload, std::uint64_t number) {
  return std::string(payload) + std::to_string(number);
}

std::uint64_t number_of_ping(std::string_view pong, std::string_view payload) noexcept {
  if (!pong.starts_with(payload)) return 0;
  const std::string_view digits = pong.substr(payload.size());
  if (digits.empty() || digits.front() == '0') return 0;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_whole = error == std::errc() && end == digits.data() + digits.size();
  return is_whole ? number : 0;
}

}  // namespace wirespan
