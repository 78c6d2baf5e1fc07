// poller.hpp - waits for many descriptors at once: the interface of the epoll and poll back ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <system_error>

namespace wirespan::net {

/// Which readiness is asked for, as bits. Errors, and the end of both directions, are always
/// reported; `hang_up` asks for the end of the peer's direction, for those who do not read.
enum class Interest : std::uint8_t { none = 0, read = 1, write = 2, both = 3, hang_up = 4 };

[[nodiscard]] constexpr Interest interest_in(bool read, bool write, bool hang_up = false) noexcept {
  return static_cast<Interest>((read ? 1 : 0) | (write ? 2 : 0) | (hang_up ? 4 : 0));
}
[[nodiscard]] constexpr bool wants_read(Interest interest) noexcept {
  return (static_cast<unsigned>(interest) & 1U) != 0;
}
[[nodiscard]] constexpr bool wants_write(Interest interest) noexcept {
  return (static_cast<unsigned>(interest) & 2U) != 0;
}
[[nodiscard]] constexpr bool wants_hang_up(Interest interest) noexcept {
  return (static_cast<unsigned>(interest) & 4U) != 0;
}

struct Readiness {
  bool readable = false;
  bool writable = false;
  bool failed = false;      ///< An error, or both directions have ended.
  bool peer_ended = false;  ///< The peer's direction has; asked for by Interest::hang_up.
};

/// Called by the loop on its own thread: one virtual call per readiness event, never per message.
/// A handler watches at most one descriptor.
class IoHandler {
 public:
  virtual void on_ready(Readiness readiness) = 0;
  /// Asked for with EventLoop::flush_later(): once, at the end of the turn.
  virtual void on_flush() {}

 protected:
  IoHandler() = default;
  IoHandler(const IoHandler&) = delete;
  IoHandler& operator=(const IoHandler&) = delete;
  ~IoHandler() = default;

 private:
  friend class EventLoop;
  Interest interest_ = Interest::none;
  bool watched_ = false;
  bool flush_asked_ = false;
};

enum class Backend : std::uint8_t { automatic, epoll, poll };

/// Level-triggered. All functions but wake() belong to the thread of the loop.
class Poller {
 public:
  struct Ready {
    IoHandler* handler = nullptr;
    Readiness readiness;
  };

  virtual ~Poller() = default;
  [[nodiscard]] virtual std::error_code add(int fd, Interest interest, IoHandler& handler) = 0;
  [[nodiscard]] virtual std::error_code modify(int fd, Interest interest, IoHandler& handler) = 0;
  virtual void remove(int fd) noexcept = 0;
  /// Waits until something is ready, wake() was called, or `timeout` is over; without a timeout for
  /// ever. The span is valid until the next call and may be written to.
  [[nodiscard]] virtual std::span<Ready> wait(std::optional<std::chrono::nanoseconds> timeout) = 0;
  /// The last wait() was ended by wake().
  [[nodiscard]] virtual bool woken() const noexcept = 0;
  /// Makes the wait in progress, or the next one, return at once. Any thread, signal handlers too.
  virtual void wake() noexcept = 0;
  /// A descriptor that is readable when wait() would not wait, or -1 if the back end has none.
  [[nodiscard]] virtual int poll_fd() const noexcept { return -1; }
  /// The descriptors to wait for in somebody else's poll(): poll_fd() alone if there is one.
  virtual void for_each_fd(const std::function<void(int fd, Interest interest)>& tell) const {
    if (poll_fd() >= 0) tell(poll_fd(), Interest::read);
  }
};

}  // namespace wirespan::net
