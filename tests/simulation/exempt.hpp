// exempt.hpp - marks code of the tests that runs on a simulated thread and must not be made to
// fail.
#pragma once

#include <array>

#include <wirespan/net/thread_id.hpp>

namespace wirespan::test {

/// While one exists on a simulated thread, allocations of that thread do not fail. Allocates
/// nothing itself, so the replaced operator new may ask.
class Exempt {
 public:
  Exempt() noexcept { ++depth(net::simulated_thread); }
  ~Exempt() { --depth(net::simulated_thread); }
  Exempt(const Exempt&) = delete;
  Exempt& operator=(const Exempt&) = delete;

  /// Also true outside of simulated threads: the test itself, and the simulation's scheduler.
  [[nodiscard]] static bool holds() noexcept {
    return net::simulated_thread == nullptr || depth(net::simulated_thread) > 0;
  }

 private:
  struct Row {
    net::ThreadId thread = nullptr;
    int depth = 0;
  };

  /// A row whose depth is 0 is free. With more threads than rows, the last one is exempt for good.
  static int& depth(net::ThreadId thread) noexcept {
    static std::array<Row, 64> rows;
    for (Row& row : rows) {
      if (row.thread == thread && row.depth > 0) return row.depth;
    }
    for (Row& row : rows) {
      if (row.depth > 0) continue;
      row.thread = thread;
      return row.depth;
    }
    return rows.back().depth;
  }
};

}  // namespace wirespan::test
