// soak_meter.hpp - what a process of the soak uses, and how long its healthy messages take.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wirespan::test {

/// A process's use of memory and descriptors at one moment.
struct Usage {
  std::size_t heap = 0;         ///< Bytes that are allocated, as malloc counts them.
  std::size_t resident = 0;     ///< Bytes in memory, after malloc has given back what it can.
  std::size_t descriptors = 0;  ///< Open descriptors.
};

/// Measures this process. Nothing else should run meanwhile.
[[nodiscard]] Usage usage_now();

/// The usages of one process, round by round. The rounds up to `warm_up` fill its pools and caches;
/// afterwards it may not grow.
class GrowthJudge {
 public:
  GrowthJudge(std::string name, std::size_t warm_up) : name_(std::move(name)), warm_up_(warm_up) {}
  /// Notes and prints the usage of one round.
  void note(const Usage& usage);
  /// States as requirements: no growth of the allocated memory above 1 MiB, no descriptor more, and
  /// no more resident memory than is allocated, but for the program and the gaps between
  /// allocations, which swing.
  void judge() const;

 private:
  std::string name_;
  std::size_t warm_up_;
  std::vector<Usage> rounds_;
};

/// Counts durations by powers of two of a microsecond, in constant memory.
class Durations {
 public:
  void note(std::chrono::nanoseconds duration) noexcept;
  /// Returns an upper bound of the duration that `part` (0 to 1) of all stay below.
  [[nodiscard]] std::chrono::microseconds below(double part) const noexcept;
  [[nodiscard]] std::chrono::microseconds longest() const noexcept { return longest_; }

 private:
  std::array<std::uint64_t, 40> by_power_{};
  std::uint64_t count_ = 0;
  std::chrono::microseconds longest_{0};
};

}  // namespace wirespan::test
