// wakeup.hpp - a descriptor that another thread can make readable.
#pragma once

#include <wirespan/net/unique_fd.hpp>

namespace wirespan::net {

/// The wake-up of a poller: an eventfd, or a pipe where there is none, which the poller owns and
/// waits for. The constructor throws std::system_error if the system refuses one.
class Wakeup {
 public:
  Wakeup();
  /// Makes fd() readable until drain(); several calls before that count as one. Any thread, signal
  /// handlers too.
  void notify() noexcept;
  /// Ends the readiness. Never blocks.
  void drain() noexcept;
  /// The descriptor for the poller.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  UniqueFd fd_;
  UniqueFd write_end_;  // of a pipe
};

}  // namespace wirespan::net
