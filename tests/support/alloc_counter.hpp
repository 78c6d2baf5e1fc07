// alloc_counter.hpp - counts every operator new of the program, and makes the n-th one fail (fault
// injection). Only programs that link alloc_counter.cpp have it.
#pragma once

#include <cstddef>

namespace wirespan::test {

/// Counts allocations of the whole program between its construction and its destruction. At most
/// one may exist at a time, and only one thread may allocate while it does: the counts are plain
/// globals.
class AllocCounter {
 public:
  AllocCounter() noexcept;
  ~AllocCounter();
  AllocCounter(const AllocCounter&) = delete;
  AllocCounter& operator=(const AllocCounter&) = delete;

  /// Returns the calls of operator new since the construction.
  [[nodiscard]] std::size_t count() const noexcept;
  /// Returns allocations minus frees since the construction; negative if more was freed.
  [[nodiscard]] long outstanding() const noexcept;
  /// Makes the allocation after the next `allowed` ones throw std::bad_alloc, once.
  void fail_after(std::size_t allowed) noexcept;
  /// True if that allocation has thrown.
  [[nodiscard]] bool failed() const noexcept;
};

}  // namespace wirespan::test
