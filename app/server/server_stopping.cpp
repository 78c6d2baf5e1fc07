// server_stopping.cpp - Close frames spread over a time, and the deadline of a server's stop.
#include <algorithm>
#include <utility>

#include <wirespan/app/server/server_stopping.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/time.hpp>

namespace wirespan {
namespace {

/// Least time between two batches of Close frames.
constexpr std::chrono::milliseconds close_interval{10};

}  // namespace

void ServerStopping::begin(std::shared_ptr<const StopOptions> options) noexcept {
  if (has_begun()) return;
  options_ = std::move(options);
  spread_ = bounded(options_->spread);
  begin_ = loop_.network().now();
  const auto whole_time = spread_ + bounded(close_time_);
  abort_at_ = begin_ + (options_->deadline ? bounded(*options_->deadline) : whole_time);
  total_ = connections_.open_count();
  send_due_closes(begin_);
}

/// Closes as many connections as belong to the share of the spread that has passed.
void ServerStopping::send_due_closes(TimePoint now) noexcept {
  const auto spread = std::chrono::duration<double>(spread_).count();
  const auto passed = std::chrono::duration<double>(now - begin_).count();
  const double share = spread > 0 ? std::min(1.0, passed / spread) : 1.0;
  const auto due = static_cast<std::size_t>(share * static_cast<double>(total_));
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(abort_at_ - now);
  for (; next_slot_ < connections_.slots() && closed_ < due; ++next_slot_) {
    const bool closes = connections_.close_slot(next_slot_, options_->code, options_->reason, left,
                                                options_->after_close);
    if (closes) ++closed_;
  }
  const bool is_done = share >= 1.0 || next_slot_ == connections_.slots();
  const auto total = static_cast<double>(std::max(total_, std::size_t{1}));
  const double share_of_next = static_cast<double>(closed_ + 1) / total;
  const auto time_of_next = std::chrono::ceil<std::chrono::milliseconds>(
      std::chrono::duration<double>(spread * share_of_next));
  const TimePoint next =
      is_done ? abort_at_ : std::max(now + close_interval, begin_ + time_of_next);
  loop_.timers().schedule(*this, std::min(next, abort_at_));
}

void ServerStopping::on_timer(TimePoint now) {
  if (now >= abort_at_) return connections_.abort_all(Errc::close_timeout);
  send_due_closes(now);
}

}  // namespace wirespan
