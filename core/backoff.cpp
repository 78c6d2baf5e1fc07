// backoff.cpp - growth, jitter and end of the delays between attempts. RFC 6455 §7.2.3.
#include <algorithm>
#include <limits>

#include <wirespan/core/backoff.hpp>

namespace wirespan {
namespace {

using std::chrono::milliseconds;

/// Returns the options with every value in its range. A comparison with NaN is false, so a
/// multiplier that is no number becomes 1.
Backoff::Options in_range(Backoff::Options options) noexcept {
  options.delay = bounded(options.delay);
  options.max_delay = std::max(bounded(options.max_delay), options.delay);
  options.multiplier = options.multiplier > 1 ? options.multiplier : 1;
  if (options.give_up_after) options.give_up_after = bounded(*options.give_up_after);
  options.stable_after = bounded(options.stable_after);
  return options;
}

/// Milliseconds up to longest_wait are exact in a double.
double as_double(milliseconds time) noexcept { return static_cast<double>(time.count()); }

/// Maps 64 random bits to 0 ... 1, 1 excluded: 53 bits are exact in a double.
double unit_interval(std::uint64_t random) noexcept {
  return static_cast<double>(random >> 11) / static_cast<double>(std::uint64_t{1} << 53);
}

}  // namespace

Backoff::Backoff(const Options& options, TimePoint now) noexcept
    : options_(in_range(options)), computed_(as_double(options_.delay)), down_since_(now) {}

void Backoff::opened(TimePoint now) noexcept { open_since_ = now; }

void Backoff::ended(TimePoint now) noexcept {
  const bool stable = open_since_ && now - *open_since_ >= options_.stable_after;
  if (open_since_) down_since_ = now;
  open_since_.reset();
  if (stable) {
    failures_ = 0;
    computed_ = as_double(options_.delay);
  } else if (failures_ < std::numeric_limits<std::uint32_t>::max()) {
    ++failures_;
  }
}

std::optional<milliseconds> Backoff::next_delay(TimePoint now, std::uint64_t random,
                                                milliseconds at_least) noexcept {
  if (options_.max_attempts > 0 && failures_ >= options_.max_attempts) return std::nullopt;
  const milliseconds delay = drawn(random, bounded(at_least));
  computed_ = std::min(computed_ * options_.multiplier, as_double(options_.max_delay));
  if (!options_.give_up_after) return delay;
  const auto left =
      std::chrono::duration_cast<milliseconds>(later(down_since_, *options_.give_up_after) - now);
  if (left.count() <= 0 || at_least > left) return std::nullopt;
  return std::min(delay, left);
}

milliseconds Backoff::drawn(std::uint64_t random, milliseconds at_least) const noexcept {
  const milliseconds computed(static_cast<milliseconds::rep>(computed_));
  if (options_.jitter == Jitter::none) return std::max(computed, at_least);
  const double part = unit_interval(random) * (as_double(computed) + 1);
  return bounded(at_least + milliseconds(static_cast<milliseconds::rep>(part)));
}

}  // namespace wirespan
