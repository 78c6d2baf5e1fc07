// soak_meter.cpp - memory, descriptors and durations of the soak, and the judgement on growth.
#include "soak_meter.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <filesystem>

#include <malloc.h>

#include "processes.hpp"

namespace wirespan::test {
namespace {

/// Bytes by which a process may differ from its first round after the warm-up.
constexpr std::size_t allowance = std::size_t{1} << 20;
/// Bytes of the program itself, its stacks, and the gaps that malloc cannot give back.
constexpr std::size_t most_gaps = std::size_t{48} << 20;

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::string growth(std::size_t before, std::size_t after) {
  return std::to_string((static_cast<long>(after) - static_cast<long>(before)) / 1024) + " KiB";
}

}  // namespace

Usage usage_now() {
  ::malloc_trim(0);
  const auto info = ::mallinfo2();
  return {.heap = info.uordblks + info.hblkhd,
          .resident = resident_bytes(),
          .descriptors = open_descriptors()};
}

void GrowthJudge::note(const Usage& usage) {
  rounds_.push_back(usage);
  std::printf("round %2zu %-8s %8zu KiB allocated %8zu KiB resident %5zu descriptors\n",
              rounds_.size(), name_.c_str(), usage.heap >> 10, usage.resident >> 10,
              usage.descriptors);
  std::fflush(stdout);
}

void GrowthJudge::judge() const {
  if (rounds_.size() <= warm_up_ + 1) return require(false, name_ + ": too few rounds");
  const Usage& first = rounds_[warm_up_];
  std::size_t heap = 0;
  std::size_t gaps = 0;
  bool same_descriptors = true;
  for (std::size_t i = warm_up_ + 1; i < rounds_.size(); ++i) {
    heap = std::max(heap, rounds_[i].heap);
    gaps = std::max(gaps, rounds_[i].resident - std::min(rounds_[i].resident, rounds_[i].heap));
    same_descriptors = same_descriptors && rounds_[i].descriptors == first.descriptors;
  }
  require(heap <= first.heap + allowance,
          name_ + ": growth of allocated memory: " + growth(first.heap, heap));
  require(same_descriptors, name_ + ": as many descriptors in each round");
  require(gaps <= most_gaps,
          name_ + ": resident and not allocated: " + std::to_string(gaps >> 10) + " KiB");
}

void Durations::note(std::chrono::nanoseconds duration) noexcept {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(duration);
  const auto power = std::bit_width(static_cast<std::uint64_t>(micros.count()));
  ++by_power_.at(std::min<std::size_t>(power, by_power_.size() - 1));
  ++count_;
  longest_ = std::max(longest_, micros);
}

std::chrono::microseconds Durations::below(double part) const noexcept {
  const auto wanted = static_cast<std::uint64_t>(static_cast<double>(count_) * part);
  std::uint64_t seen = 0;
  for (std::size_t power = 0; power < by_power_.size(); ++power) {
    seen += by_power_.at(power);
    if (seen >= wanted) return std::chrono::microseconds(std::int64_t{1} << power);
  }
  return longest_;
}

}  // namespace wirespan::test
