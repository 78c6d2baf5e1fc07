// other_threads.hpp - makes a fork() find the other threads of the process inside no lock of the
// heap.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>

#include <unistd.h>

namespace wirespan::test {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool heap_survives_fork = false;  // a fork may leave a lock of the sanitizer's heap held
#else
constexpr bool heap_survives_fork = true;
#endif

/// True if every thread but this one sleeps, as one does in epoll_wait() or on a condition
/// variable.
[[nodiscard]] inline bool other_threads_sleep() {
  const std::string own = std::to_string(::gettid());
  std::error_code gone;  // a thread may end meanwhile
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", gone)) {
    if (task.path().filename() == own) continue;
    std::string stat;
    std::getline(std::ifstream(task.path() / "stat"), stat);
    const std::size_t name_end = stat.rfind(')');  // the name may hold anything
    if (name_end != std::string::npos && stat.compare(name_end, 3, ") S") != 0) return false;
  }
  return true;
}

/// Call before a fork() whose child allocates: where the heap does not survive that, waits until
/// all other threads sleep; at most ten seconds.
inline void make_heap_ready_for_fork() {
  if (heap_survives_fork) return;
  for (int tries = 0; tries < 10'000 && !other_threads_sleep(); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace wirespan::test
