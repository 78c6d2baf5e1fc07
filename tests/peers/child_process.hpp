// child_process.hpp - another program, talked to by lines, for as long as an object lives.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include <wirespan/net/unique_fd.hpp>

namespace wirespan::test {

/// Runs a program with pipes for its standard input and output. Its input ends when this object
/// does, or this process, however that comes about; programs for tests end then.
class ChildProcess {
 public:
  /// The first word is looked up in PATH. Throws std::system_error.
  explicit ChildProcess(std::vector<std::string> command);
  /// Gives it a moment to end by itself, then kills it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// The next line that it prints, without its end; nothing if it ends first or time runs out.
  [[nodiscard]] std::optional<std::string> read_line(std::chrono::milliseconds patience);

 private:
  [[nodiscard]] bool ends_within(std::chrono::milliseconds patience) const;

  net::UniqueFd input_;
  net::UniqueFd output_;
  pid_t id_ = -1;
  std::string unread_;
};

}  // namespace wirespan::test
