// thread_id.hpp - identity of the running thread, which may be a simulated one.
#pragma once

#include <wirespan/core/cxx20.hpp>

namespace wirespan::net {

/// Identity of a thread, unique among those that live; null: no thread.
using ThreadId = const void*;

/// Set while a thread of a SimulatedNetwork runs; null on a thread that is none.
inline thread_local constinit ThreadId simulated_thread = nullptr;

/// Returns the identity of the running thread.
[[nodiscard]] inline ThreadId current_thread() noexcept {
  return simulated_thread != nullptr ? simulated_thread : &simulated_thread;
}

}  // namespace wirespan::net
