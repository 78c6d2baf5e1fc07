// process.hpp - what the kernel knows about another process: CPU time and memory.
#pragma once

#include <cstdint>

#include <sys/types.h>

namespace wirespan::bench {

/// Nanoseconds of CPU that all threads of a process have used, user and system. Exact to the
/// moment, unlike the ticks of /proc/PID/stat. 0 stands for this process.
[[nodiscard]] std::uint64_t cpu_time(::pid_t process);

/// Bytes of memory that are resident.
[[nodiscard]] std::uint64_t resident_memory(::pid_t process);

/// Nanoseconds that only go forward.
[[nodiscard]] std::uint64_t now();

}  // namespace wirespan::bench
