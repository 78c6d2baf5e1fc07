// process.hpp - CPU time and memory of another process, as the kernel reports them.
#pragma once

#include <cstdint>

#include <sys/types.h>

namespace wirespan::bench {

/// CPU time of all threads of a process in nanoseconds, user and system. Exact at the time of the
/// call, unlike the ticks of /proc/PID/stat. `process` 0: this process.
[[nodiscard]] std::uint64_t cpu_time(::pid_t process);

/// Resident memory of a process in bytes.
[[nodiscard]] std::uint64_t resident_memory(::pid_t process);

/// Monotonic time in nanoseconds.
[[nodiscard]] std::uint64_t now();

}  // namespace wirespan::bench
