// wakeup.hpp - a descriptor that another thread can make readable.
#pragma once

#include <wirespan/net/unique_fd.hpp>

namespace wirespan::net {

/// An eventfd. Throws std::system_error if the system gives none.
class Wakeup {
 public:
  Wakeup();
  /// Any thread, and signal handlers. Several calls before a drain() count as one.
  void notify() noexcept;
  void drain() noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  UniqueFd fd_;
};

}  // namespace wirespan::net
