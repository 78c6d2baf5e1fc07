// chaos_pipe.cpp - the queue of one direction: delay, pieces, rate, stall, and the count of bytes.
#include "chaos_pipe.hpp"

#include <algorithm>

namespace chaos {
namespace {

constexpr std::size_t pipe_capacity = std::size_t{64} << 10;
/// A limited rate is kept by pieces of a 50th of a second, not byte by byte.
constexpr std::uint64_t pieces_per_second = 50;

bool is_reached(std::optional<std::uint64_t> limit, std::uint64_t bytes) noexcept {
  return limit && bytes >= *limit;
}

}  // namespace

wirespan::MutableBytes Pipe::room() {
  if (input_ended() || queue_.size() >= pipe_capacity) return {};
  const std::size_t size = pipe_capacity - queue_.size();
  return queue_.prepare(size).first(size);
}

void Pipe::received(std::size_t size, TimePoint now) {
  if (swallows_) return;  // the room is used again
  queue_.commit(size);
  const TimePoint at = release_time(now);
  if (!chunks_.empty() && chunks_.back().at == at) {
    chunks_.back().size += size;
  } else {
    chunks_.push_back({.at = at, .size = size});
  }
  stall_if_due(now);
}

void Pipe::end_input(TimePoint now) {
  if (!end_at_) end_at_ = release_time(now);
}

void Pipe::swallow() noexcept {
  swallows_ = true;
  queue_.clear();
  chunks_.clear();
}

TimePoint Pipe::release_time(TimePoint now) {
  TimePoint at = now + faults_->delay;
  if (faults_->jitter.count() > 0) {
    const auto most = static_cast<std::uint64_t>(faults_->jitter.count());
    at += std::chrono::milliseconds(random_() % (most + 1));
  }
  return last_release_ = std::max(at, last_release_);
}

wirespan::Bytes Pipe::due(TimePoint now) const {
  if (swallows_ || now < held_until_) return {};
  std::uint64_t size = 0;
  const std::uint64_t most = std::min<std::uint64_t>(largest_piece(), bytes_until_fault());
  for (const Chunk& chunk : chunks_) {
    if (chunk.at > now || size >= most) break;
    size += chunk.size;
  }
  return queue_.data().first(static_cast<std::size_t>(std::min(size, most)));
}

std::size_t Pipe::largest_piece() const noexcept {
  std::size_t most = faults_->split > 0 ? faults_->split : pipe_capacity;
  if (faults_->rate > 0) {
    const std::uint64_t share = std::max<std::uint64_t>(faults_->rate / pieces_per_second, 1);
    most = static_cast<std::size_t>(std::min<std::uint64_t>(most, share));
  }
  return most;
}

/// So a fault comes at its byte exactly.
std::uint64_t Pipe::bytes_until_fault() const noexcept {
  std::uint64_t until = UINT64_MAX;
  const auto consider = [&](std::optional<std::uint64_t> limit) {
    if (limit) until = std::min(until, *limit > bytes_ ? *limit - bytes_ : 0);
  };
  consider(faults_->cut_after);
  consider(faults_->reset_after);
  consider(faults_->black_hole_after);
  if (!stalled_) consider(faults_->stall_after);
  return until;
}

void Pipe::forwarded(std::size_t size, TimePoint now) {
  bytes_ += size;
  queue_.consume(size);
  for (std::size_t left = size; left > 0;) {
    const std::size_t part = std::min(left, chunks_.front().size);
    chunks_.front().size -= part;
    left -= part;
    if (chunks_.front().size == 0) chunks_.pop_front();
  }
  if (faults_->rate > 0) {
    const std::chrono::duration<double> time(static_cast<double>(size) /
                                             static_cast<double>(faults_->rate));
    held_until_ =
        std::max(held_until_, now) + std::chrono::duration_cast<TimePoint::duration>(time);
  }
  stall_if_due(now);
}

void Pipe::stall_if_due(TimePoint now) {
  if (stalled_ || !is_reached(faults_->stall_after, bytes_)) return;
  stalled_ = true;
  held_until_ = std::max(held_until_, now + faults_->stall);
}

bool Pipe::end_is_due(TimePoint now) const {
  return !swallows_ && !end_forwarded_ && end_at_ && queue_.empty() && now >= *end_at_ &&
         now >= held_until_;
}

std::optional<TimePoint> Pipe::next_due() const {
  if (done() || swallows_) return std::nullopt;
  if (!chunks_.empty()) return std::max(chunks_.front().at, held_until_);
  return end_at_ ? std::optional(std::max(*end_at_, held_until_)) : std::nullopt;
}

Fault Pipe::fault() const noexcept {
  if (swallows_) return Fault::none;
  if (is_reached(faults_->reset_after, bytes_)) return Fault::reset;
  if (is_reached(faults_->cut_after, bytes_)) return Fault::cut;
  return is_reached(faults_->black_hole_after, bytes_) ? Fault::black_hole : Fault::none;
}

}  // namespace chaos
