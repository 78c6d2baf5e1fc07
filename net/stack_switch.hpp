// stack_switch.hpp - goes on on another stack, and back. Private.
#pragma once

#include <cstddef>
#include <span>

#include <ucontext.h>

#include <wirespan/net/sanitizers.hpp>

#if defined(WIRESPAN_ASAN) || defined(WIRESPAN_TSAN) || !defined(__x86_64__) || !defined(__LP64__)
#define WIRESPAN_SWITCHES_CONTEXTS
#endif

namespace wirespan::net {

/// The system's way, for every processor and under the sanitizers: two system calls for each round
/// trip, because a context has a signal mask.
class ContextSwitch {
 public:
  /// Lets the first enter() call `entry(argument)` on `stack`. It must not return.
  void prepare(std::span<std::byte> stack, void (*entry)(void*), void* argument) noexcept;
  /// Goes on on the other stack; returns when that calls leave().
  void enter() noexcept;
  /// Called on the other stack: goes on behind enter(), and returns in the next enter().
  void leave() noexcept;

 private:
  static void begin(unsigned high, unsigned low);

  ucontext_t here_{};  // of the other stack, while it is left
  ucontext_t back_{};  // of enter()
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
};

#ifdef WIRESPAN_SWITCHES_CONTEXTS
using StackSwitch = ContextSwitch;
#else
/// The same in a dozen instructions for x86-64: a world of simulated threads takes a third of
/// the time.
/// Signal mask and floating-point modes stay those of the thread.
class DirectSwitch {
 public:
  /// As ContextSwitch's.
  void prepare(std::span<std::byte> stack, void (*entry)(void*), void* argument) noexcept;
  void enter() noexcept;
  void leave() noexcept;

 private:
  static void begin(DirectSwitch* self) noexcept;

  void* here_ = nullptr;  // stack pointer of the other stack, while it is left
  void* back_ = nullptr;  // of enter()
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
};
using StackSwitch = DirectSwitch;
#endif

}  // namespace wirespan::net
