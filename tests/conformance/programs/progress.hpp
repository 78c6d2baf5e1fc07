// progress.hpp - a line on the terminal that shows how far a run is.
#pragma once

#include <cstddef>

#include "engine/result.hpp"

namespace conformance {

/// Writes to standard error, and only if that is a terminal. One thread at a time.
class Progress {
 public:
  /// `total` cases are to be run.
  Progress(std::size_t total, bool quiet) noexcept;

  /// Another case is over.
  void show(const Result& result);
  /// Removes the line.
  void end() const;

 private:
  std::size_t total_;
  std::size_t done_ = 0;
  std::size_t flawed_ = 0;
  bool shown_;
};

}  // namespace conformance
