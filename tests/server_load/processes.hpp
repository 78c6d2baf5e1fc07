// processes.hpp - a load program runs its server in one process and its clients in another, so that
// it can measure descriptors, memory and time of the server alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <sys/types.h>

#include <wirespan/net/unique_fd.hpp>

namespace wirespan::test {

/// One end of a socket pair to the other process, for numbers.
class Line {
 public:
  explicit Line(int fd) noexcept : fd_(fd) {}
  void tell(std::uint64_t number);
  /// Waits for a number; throws when the other process has gone, or sends none for `time`.
  [[nodiscard]] std::uint64_t hear(std::chrono::seconds time = std::chrono::seconds(280));

 private:
  net::UniqueFd fd_;
};

/// A forked process that runs `body`. Start it before the first thread. The kernel kills it when
/// this process ends, and so does the destructor.
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

/// Raises the limit of descriptors to `count`, or ends the program with the reason why it cannot.
void need_descriptors(std::size_t count);
/// Returns the bytes of this process that are in memory.
[[nodiscard]] std::size_t resident_bytes();
/// Returns the n-th argument as a number, or a default.
[[nodiscard]] std::size_t argument(int argc, char** argv, int n, std::size_t otherwise);
/// Prints a requirement and whether it holds; verdict() remembers one that does not.
void require(bool holds, const std::string& what);
/// Returns the exit status: 0 if every requirement held.
[[nodiscard]] int verdict();

}  // namespace wirespan::test
