// histogram.hpp - a histogram of times with buckets of 1/64 relative width.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

/// Counts times in logarithmic buckets: constant memory, and a relative error of at most one part
/// in 64.
class Histogram {
 public:
  void add(std::uint64_t nanoseconds, std::uint64_t times = 1) noexcept {
    counts_[bucket_of(nanoseconds)] += times;
    total_ += times;
    longest_ = std::max(longest_, nanoseconds);
  }
  /// Adds what another histogram has counted.
  void add(const Histogram& other) noexcept {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    longest_ = std::max(longest_, other.longest_);
  }
  void clear() noexcept { *this = Histogram(); }
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }
  /// The longest time, exactly, in nanoseconds; 0 without one.
  [[nodiscard]] std::uint64_t longest() const noexcept { return longest_; }

  /// The `share` quantile in nanoseconds (0.99: the 99th percentile); 0 without a time.
  [[nodiscard]] std::uint64_t quantile(double share) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_[bucket];
      if (seen > wanted || seen == total_) return start_of(bucket);
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
  std::uint64_t longest_ = 0;
};
