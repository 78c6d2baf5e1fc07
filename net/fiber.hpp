// fiber.hpp - a simulated thread: a function with a stack of its own on the thread that resumes it.
// Private.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <span>

#include <wirespan/net/stack_switch.hpp>

namespace wirespan::net {

/// A function that gives up the thread in the middle, and goes on when it is resumed. All fibers
/// and resume() belong to one thread. A fiber that is destroyed before it has ended leaves the
/// objects on its stack behind: they are never destroyed. Not movable.
class Fiber {
 public:
  /// Reserves a stack of `stack_size` bytes, behind a page that may not be touched. Throws
  /// std::bad_alloc if the system has no room for it. A thread keeps up to 32 stacks of fibers that
  /// have ended for its next ones.
  Fiber(std::function<void()> work, std::size_t stack_size);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs the fiber until it suspends itself or ends. Rethrows an exception that its function has
  /// let out. Requires that it has not ended, and that the caller is no fiber.
  void resume();
  /// Suspends the running fiber; returns in its next resume().
  void suspend();
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }

 private:
  /// The C++ runtime's record of the exceptions that a thread is handling.
  struct Exceptions {
    void* caught = nullptr;
    unsigned uncaught = 0;
  };

  static void enter(void* self);
  [[nodiscard]] std::span<std::byte> stack() const noexcept;
  void work() noexcept;
  void swap_exceptions() noexcept;

  std::function<void()> work_;
  std::span<std::byte> memory_;  // a page without access, then the stack
  StackSwitch switch_;
  Exceptions exceptions_{};  // of the fiber, while it is suspended
  std::exception_ptr thrown_;
  bool has_ended_ = false;
  // For the sanitizers, which have to know which stack is in use.
  void* fake_stack_ = nullptr;
  void* fake_stack_of_caller_ = nullptr;
  const void* stack_of_caller_ = nullptr;
  std::size_t stack_size_of_caller_ = 0;
  [[maybe_unused]] void* tsan_fiber_ = nullptr;
  [[maybe_unused]] void* tsan_caller_ = nullptr;
};

}  // namespace wirespan::net
