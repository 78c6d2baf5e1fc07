// simulated_pipe.cpp - packets, their times, and the faults of one direction.
#include <algorithm>
#include <utility>

#include <wirespan/net/simulated_pipe.hpp>

namespace wirespan::net {
namespace {

constexpr std::size_t packet_size = 1448;  // bytes that Ethernet leaves for TCP's data
constexpr std::chrono::milliseconds first_resend{200};
constexpr std::chrono::milliseconds last_resend{60'000};

std::size_t drawn(SimulatedClock& clock, std::size_t all, std::size_t most) {
  return most == 0 ? all : std::min<std::size_t>(all, 1 + clock.draw(most));
}

}  // namespace

/// Room of one write, up to the position of the next fault.
std::size_t SimulatedPipe::room() const noexcept {
  std::size_t room = options_.buffer - std::min(options_.buffer, held());
  for (const auto& position : {options_.reset_after, options_.silent_after, options_.stall_after}) {
    if (!position || written_ >= *position) continue;
    room = std::min<std::size_t>(room, *position - written_);
  }
  return room;
}

std::size_t SimulatedPipe::write(std::span<const Bytes> pieces) {
  std::size_t left = drawn(clock_, room(), options_.most_per_write);
  std::size_t taken = 0;
  for (const Bytes piece : pieces) {
    const Bytes part = piece.first(std::min(left, piece.size()));
    bytes_.insert(bytes_.end(), part.begin(), part.end());
    taken += part.size();
    left -= part.size();
  }
  for (std::size_t rest = taken; rest > 0;) {
    const std::size_t size =
        std::min(rest, clock_.draw(4) == 0 ? 1 + clock_.draw(packet_size) : packet_size);
    send_packet(size);
    rest -= size;
  }
  written_ += taken;
  if (options_.silent_after && written_ >= *options_.silent_after) silence();
  return taken;
}

void SimulatedPipe::send_packet(std::size_t size) {
  if (is_silent_) return;
  on_way_.push_back({.at = arrival(), .size = size});
  clock_.at(last_arrival_);
}

/// Draws the time at which something that is sent now arrives, behind all that was sent before.
TimePoint SimulatedPipe::arrival() {
  TimePoint at = clock_.now() + options_.latency;
  if (options_.jitter.count() > 0) {
    const auto most = static_cast<std::uint64_t>(options_.jitter.count());
    at += std::chrono::nanoseconds(clock_.draw(most));
  }
  for (auto resend = first_resend; clock_.chance(options_.loss);) {
    at += resend;
    resend = std::min(resend * 2, last_resend);
  }
  const bool is_behind = options_.stall_after && written_ >= *options_.stall_after;
  if (is_behind && !std::exchange(has_stalled_, true)) at += options_.stall;
  return last_arrival_ = std::max(last_arrival_, at);
}

/// The bytes that have arrived by now stay.
void SimulatedPipe::silence() {
  (void)unread();
  is_silent_ = true;
  if (!end_has_come()) end_at_.reset();
}

std::size_t SimulatedPipe::unread() const {
  while (!on_way_.empty() && on_way_.front().at <= clock_.now() && !is_silent_) {
    arrived_ += on_way_.front().size;
    on_way_.pop_front();
  }
  return arrived_;
}

std::size_t SimulatedPipe::read(MutableBytes in) {
  const std::size_t size = std::min(in.size(), drawn(clock_, unread(), options_.most_per_read));
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_), size, in.begin());
  begin_ += size;
  arrived_ -= size;
  if (begin_ == bytes_.size() || begin_ > options_.buffer) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }
  return size;
}

void SimulatedPipe::end() {
  if (std::exchange(is_ended_, true) || is_silent_) return;
  end_at_ = arrival();
  clock_.at(*end_at_);
}

}  // namespace wirespan::net
