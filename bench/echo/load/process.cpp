// process.cpp - CPU clocks and resident memory of a process, from the kernel.
#include "process.hpp"

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

#include <time.h>

namespace wirespan::bench {
namespace {

std::uint64_t read_clock(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) {
    throw std::system_error(errno, std::system_category(), "clock_gettime");
  }
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

std::uint64_t cpu_time(::pid_t process) {
  clockid_t clock = 0;
  if (const int error = ::clock_getcpuclockid(process, &clock); error != 0) {
    throw std::system_error(error, std::system_category(), "the server has gone");
  }
  return read_clock(clock);
}

std::uint64_t resident_memory(::pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/smaps_rollup");
  for (std::string word; file >> word;) {
    std::uint64_t kibibytes = 0;
    if (word == "Rss:" && file >> kibibytes) return kibibytes * 1024;
  }
  throw std::runtime_error("no memory figure of the server");
}

std::uint64_t now() { return read_clock(CLOCK_MONOTONIC); }

}  // namespace wirespan::bench
