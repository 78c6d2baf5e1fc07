// processes.hpp - a load program has its server in one process and its clients in another, so that
// descriptors, memory and time are those of one of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <sys/types.h>

#include <wirespan/net/unique_fd.hpp>

namespace wirespan::test {

/// One end of a line to the other process.
class Line {
 public:
  explicit Line(int fd) noexcept : fd_(fd) {}
  void tell(std::uint64_t number);
  /// Waits for the other side; throws when it has gone, or says nothing for `time`.
  [[nodiscard]] std::uint64_t hear(std::chrono::seconds time = std::chrono::seconds(280));

 private:
  net::UniqueFd fd_;
};

/// A process that runs `body`. Start it before the first thread. It ends with this one.
class Child {
 public:
  explicit Child(const std::function<void(Line&)>& body);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] Line& line() noexcept { return line_; }
  /// True if it has ended without an exception.
  [[nodiscard]] bool join();

 private:
  pid_t pid_ = -1;
  Line line_{-1};
};

/// Makes sure of so many descriptors, or ends the program and says why it cannot.
void need_descriptors(std::size_t count);
/// Bytes of this process that are in memory.
[[nodiscard]] std::size_t resident_bytes();
/// The n-th argument as a number, or a default.
[[nodiscard]] std::size_t argument(int argc, char** argv, int n, std::size_t otherwise);
/// Prints what was required, and notes it when it does not hold.
void require(bool holds, const std::string& what);
/// 0 if everything held.
[[nodiscard]] int verdict();

}  // namespace wirespan::test
