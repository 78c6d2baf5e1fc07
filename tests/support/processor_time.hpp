// processor_time.hpp - the processor time of this thread, for bounds that other programs of the
// machine must not break.
#pragma once

#include <chrono>

#include <time.h>

namespace wirespan::test {

/// Returns the processor time that this thread has used.
[[nodiscard]] inline std::chrono::nanoseconds processor_time() noexcept {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace wirespan::test
