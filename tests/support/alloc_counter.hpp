// alloc_counter.hpp - counts every operator new of the program, and lets the n-th one fail. Only
// programs that link alloc_counter.cpp have it.
#pragma once

#include <cstddef>

namespace wirespan::test {

/// Counts from its construction on. One at a time, one thread.
class AllocCounter {
 public:
  AllocCounter() noexcept;
  ~AllocCounter();
  AllocCounter(const AllocCounter&) = delete;
  AllocCounter& operator=(const AllocCounter&) = delete;

  /// Calls of operator new since the construction.
  [[nodiscard]] std::size_t count() const noexcept;
  /// Allocated since the construction and not freed yet; negative if more was freed.
  [[nodiscard]] long outstanding() const noexcept;
  /// The allocation after the next `allowed` ones throws std::bad_alloc, once.
  void fail_after(std::size_t allowed) noexcept;
  /// True if that has happened.
  [[nodiscard]] bool failed() const noexcept;
};

}  // namespace wirespan::test
