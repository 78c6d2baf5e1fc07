// child.hpp - a client that wsconform starts.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace conformance {

/// A process of our own, which is ended with its owner.
class Child {
 public:
  /// Starts the program; in its arguments {url} stands for `url`. Its output goes to standard
  /// error. Throws std::system_error.
  Child(const std::vector<std::string>& command, const std::string& url);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// True when it has ended.
  [[nodiscard]] bool ended();

 private:
  ::pid_t process_ = -1;
};

}  // namespace conformance
