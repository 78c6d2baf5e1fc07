// wsbench_results.hpp - what a run of wsbench has counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "histogram.hpp"

namespace wsbench {

/// A part of the time that counts: one point of a plot.
struct Slice {
  std::uint64_t messages = 0;
  Histogram round_trips{};
};

/// The counts of one loop, or of all.
struct Results {
  Histogram round_trips{};
  Histogram handshakes{};
  std::uint64_t messages = 0;  ///< That came in the time that counts; in mode connect, handshakes.
  std::uint64_t bytes = 0;     ///< Of their payloads.
  std::uint64_t opened = 0;
  std::uint64_t not_connected = 0;
  std::uint64_t lost = 0;
  std::uint64_t wrong = 0;
  std::uint64_t unanswered = 0;
  bool compressed = false;  ///< A server has agreed to compress.
  std::string error{};      ///< The text of the first failure.
  std::vector<Slice> slices{};
  double slice_seconds = 0;
  double seconds = 0;  ///< That counted.
  double own_cpu = 0;  ///< Share of the threads' time.

  /// Adds the counts of another loop.
  void add(const Results& other);
};

inline void Results::add(const Results& other) {
  round_trips.add(other.round_trips);
  handshakes.add(other.handshakes);
  messages += other.messages;
  bytes += other.bytes;
  opened += other.opened;
  not_connected += other.not_connected;
  lost += other.lost;
  wrong += other.wrong;
  unanswered += other.unanswered;
  compressed = compressed || other.compressed;
  if (error.empty()) error = other.error;
  if (slices.size() < other.slices.size()) slices.resize(other.slices.size());
  for (std::size_t i = 0; i < other.slices.size(); ++i) {
    slices[i].messages += other.slices[i].messages;
    slices[i].round_trips.add(other.slices[i].round_trips);
  }
}

}  // namespace wsbench
