// latency.hpp - a histogram of times with buckets of 1/64 relative width.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace wirespan::bench {

/// Counts round-trip times in logarithmic buckets: constant memory, and a relative error of at most
/// one part in 64.
class Latency {
 public:
  void add(std::uint64_t nanoseconds, std::uint64_t times) noexcept {
    counts_[bucket_of(nanoseconds)] += times;
    total_ += times;
  }
  void clear() noexcept { *this = Latency(); }
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

  /// The `share` quantile, in microseconds (0.99: the 99th percentile).
  [[nodiscard]] double quantile(double share) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_[bucket];
      if (seen > wanted || seen == total_) return static_cast<double>(start_of(bucket)) / 1000;
    }
    return 0;
  }

 private:
  static constexpr unsigned sub_bits = 6;
  static constexpr std::size_t sub_count = std::size_t{1} << sub_bits;

  static std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < sub_count) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - sub_bits - 1;
    return shift * sub_count + (value >> shift);
  }
  static std::uint64_t start_of(std::size_t bucket) noexcept {
    if (bucket < 2 * sub_count) return bucket;
    const std::size_t shift = bucket / sub_count - 1;
    return (bucket - shift * sub_count) << shift;
  }

  std::array<std::uint64_t, (64 - sub_bits + 1) * sub_count> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace wirespan::bench
