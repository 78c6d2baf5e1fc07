// child_process.hpp - runs another program for the lifetime of an object, and reads its lines.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include <wirespan/net/unique_fd.hpp>

namespace wirespan::test {

/// A program with pipes for its standard input and output. Its input ends when this object is
/// destroyed or this process ends in any way; programs for tests end then.
class ChildProcess {
 public:
  /// Starts the program; its first word is looked up in PATH. Throws std::system_error.
  explicit ChildProcess(std::vector<std::string> command);
  /// Closes the program's input, gives it 2 s to end, then kills it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Returns the next line of its output, without the line break; nullopt if the program or the
  /// time ends first.
  [[nodiscard]] std::optional<std::string> read_line(std::chrono::milliseconds patience);

 private:
  [[nodiscard]] bool ends_within(std::chrono::milliseconds patience) const;

  net::UniqueFd input_;
  net::UniqueFd output_;
  pid_t id_ = -1;
  std::string unread_;
};

}  // namespace wirespan::test
