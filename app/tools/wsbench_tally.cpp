// wsbench_tally.cpp - counts.
#include "wsbench_tally.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace wsbench {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds shortest_slice = std::chrono::milliseconds(100);
constexpr std::int64_t most_slices = 120;

std::uint64_t between(TimePoint from, TimePoint to) noexcept {
  return static_cast<std::uint64_t>(std::max(to - from, TimePoint::duration::zero()).count());
}

}  // namespace

Tally::Tally(const Options& options)
    : open_loop_(options.open_loop()),
      handshakes_count_always_(options.mode != Mode::connect),
      slice_(options.time) {
  const std::int64_t slices =
      std::clamp<std::int64_t>(options.time / shortest_slice, 1, most_slices);
  slice_ = options.time / slices;
  results_.slices.resize(static_cast<std::size_t>(slices));
  results_.slice_seconds = std::chrono::duration<double>(slice_).count();
}

void Tally::count_from(TimePoint begin, TimePoint end) noexcept {
  begin_ = begin;
  end_ = end;
}

Slice& Tally::slice_of(TimePoint time) {
  const auto index = static_cast<std::size_t>((time - begin_) / slice_);
  return results_.slices[std::min(index, results_.slices.size() - 1)];
}

void Tally::answered(TimePoint due, TimePoint now, std::size_t bytes) {
  const std::uint64_t time = between(due, now);
  recent_.add(time);
  const TimePoint counting = open_loop_ ? due : now;
  if (!counts(counting)) return;
  ++results_.messages;
  results_.bytes += bytes;
  results_.round_trips.add(time);
  Slice& slice = slice_of(counting);
  ++slice.messages;
  slice.round_trips.add(time);
}

void Tally::received(TimePoint now, std::size_t bytes) {
  if (!counts(now)) return;
  ++results_.messages;
  results_.bytes += bytes;
  ++slice_of(now).messages;
}

void Tally::opened(TimePoint began, TimePoint now, bool compressed) {
  ++results_.opened;
  results_.compressed = results_.compressed || compressed;
  if (!handshakes_count_always_ && !counts(now)) return;
  results_.handshakes.add(between(began, now));
  if (handshakes_count_always_) return;
  ++results_.messages;
  Slice& slice = slice_of(now);
  ++slice.messages;
  slice.round_trips.add(between(began, now));
}

void Tally::unanswered(TimePoint due, TimePoint now) {
  if (!counts(due)) return;
  ++results_.unanswered;
  results_.round_trips.add(between(due, now));
  slice_of(due).round_trips.add(between(due, now));
}

void Tally::told(const std::string& error) {
  if (results_.error.empty()) results_.error = error;
}

Histogram Tally::take_recent() { return std::exchange(recent_, Histogram()); }

}  // namespace wsbench
