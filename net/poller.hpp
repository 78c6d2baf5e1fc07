// poller.hpp - waits for many descriptors at once: the interface of the epoll and poll back ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <system_error>

#include <wirespan/core/cxx20.hpp>

namespace wirespan::net {

/// The readiness that a handler asks for, as bits. An error and the end of both directions are
/// always reported. `hang_up` asks for the peer's half-close too, for a handler that does not read.
enum class Interest : std::uint8_t { none = 0, read = 1, write = 2, both = 3, hang_up = 4 };

/// The interest made of these bits, and the bits of an interest.
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

/// The readiness that a poller has found on one descriptor.
struct Readiness {
  bool readable = false;    ///< A read does not block.
  bool writable = false;    ///< A write does not block.
  bool failed = false;      ///< An error has occurred, or both directions have ended.
  bool peer_ended = false;  ///< The peer has half-closed; reported for Interest::hang_up.
};

/// Receives the readiness of one descriptor at most. The event loop calls it on its own thread: one
/// virtual call per readiness event, never per message. Its owner calls EventLoop::forget() before
/// it destroys the handler. Must not throw.
class IoHandler {
 public:
  /// Called in each turn in which the watched descriptor is ready (level-triggered).
  virtual void on_ready(Readiness readiness) = 0;
  /// Looks for input that no poller has told of. A loop that polls busily asks the handler that
  /// alone was ready last, between its looks at the poller. True if there was input, or the end of
  /// it, and the handler has acted as in on_ready(); false if nothing has changed.
  virtual bool on_look() { return false; }
  /// Called once at the end of a turn in which EventLoop::flush_later() was called for this
  /// handler.
  virtual void on_flush() {}

 protected:
  IoHandler() = default;
  IoHandler(const IoHandler&) = delete;
  IoHandler& operator=(const IoHandler&) = delete;
  ~IoHandler() = default;

 private:
  friend class EventLoop;
  Interest interest_ = Interest::none;  // the poller's current interest
  bool watched_ = false;                // the descriptor is registered with the poller
  bool flush_asked_ = false;            // on_flush() is due at the end of this turn
};

/// The system call that a poller waits with; `automatic` is epoll. Where there is no epoll, each of
/// them is poll.
enum class Backend : std::uint8_t { automatic, epoll, poll };

/// Waits for readiness of many descriptors, level-triggered. An event loop owns one, and the poller
/// owns the descriptor that wake() makes readable. All functions but wake() belong to the loop's
/// thread.
class Poller {
 public:
  /// One readiness event of a wait, and the handler it is for.
  struct Ready {
    IoHandler* handler = nullptr;  ///< As given to add() or modify().
    Readiness readiness;           ///< Of its descriptor.
  };

  virtual ~Poller() = default;
  /// Registers a descriptor, changes its interest or its handler, and removes it. add() requires a
  /// descriptor that is not registered, modify() one that is. The error is the system's.
  [[nodiscard]] virtual std::error_code add(int fd, Interest interest, IoHandler& handler) = 0;
  [[nodiscard]] virtual std::error_code modify(int fd, Interest interest, IoHandler& handler) = 0;
  virtual void remove(int fd) noexcept = 0;
  /// Blocks until a descriptor is ready, wake() was called, or `timeout` has passed; without a
  /// timeout, for ever. A signal may end it early. The span is valid until the next call, and the
  /// loop may write to it.
  [[nodiscard]] virtual std::span<Ready> wait(std::optional<std::chrono::nanoseconds> timeout) = 0;
  /// True if wake() has ended the last wait().
  [[nodiscard]] virtual bool woken() const noexcept = 0;
  /// Makes the current wait, or the next one, return at once. Any thread, signal handlers too.
  virtual void wake() noexcept = 0;
  /// Returns a descriptor that is readable when wait() would not block, or -1 if the back end has
  /// none.
  [[nodiscard]] virtual int poll_fd() const noexcept { return -1; }
  /// Calls `tell` for each descriptor that a foreign event loop has to watch in order to run this
  /// one: poll_fd() alone if there is one.
  virtual void for_each_fd(const std::function<void(int fd, Interest interest)>& tell) const {
    if (poll_fd() >= 0) tell(poll_fd(), Interest::read);
  }
};

}  // namespace wirespan::net
