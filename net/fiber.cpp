// fiber.cpp - stacks and switches of simulated threads, told to the sanitizers.
#include <bit>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include <cxxabi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wirespan/net/fiber.hpp>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WIRESPAN_ASAN
#endif
#if __has_feature(thread_sanitizer)
#define WIRESPAN_TSAN
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define WIRESPAN_ASAN
#endif
#ifdef __SANITIZE_THREAD__
#define WIRESPAN_TSAN
#endif
#ifdef WIRESPAN_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef WIRESPAN_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace wirespan::net {
namespace {

std::size_t page_size() noexcept { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

/// Tells the address sanitizer that the stack changes; `fake` null: the old one ends.
void begin_switch([[maybe_unused]] void** fake, [[maybe_unused]] const void* bottom,
                  [[maybe_unused]] std::size_t size) noexcept {
#ifdef WIRESPAN_ASAN
  __sanitizer_start_switch_fiber(fake, bottom, size);
#endif
}

void end_switch([[maybe_unused]] void* fake, [[maybe_unused]] const void** bottom,
                [[maybe_unused]] std::size_t* size) noexcept {
#ifdef WIRESPAN_ASAN
  __sanitizer_finish_switch_fiber(fake, bottom, size);
#endif
}

}  // namespace

Fiber::Fiber(std::function<void()> work, std::size_t stack_size) : work_(std::move(work)) {
  const std::size_t guard = page_size();
  void* memory = ::mmap(nullptr, guard + stack_size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = {static_cast<std::byte*>(memory), guard + stack_size};
  (void)::mprotect(memory, guard, PROT_NONE);
  (void)::getcontext(&here_);
  here_.uc_stack.ss_sp = memory_.data() + guard;
  here_.uc_stack.ss_size = stack_size;
  here_.uc_link = nullptr;
  // makecontext() passes ints, so the address travels in two halves.
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  ::makecontext(&here_, reinterpret_cast<void (*)()>(&Fiber::enter), 2,
                static_cast<unsigned>(self >> 32U), static_cast<unsigned>(self));
#ifdef WIRESPAN_TSAN
  tsan_fiber_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#ifdef WIRESPAN_TSAN
  __tsan_destroy_fiber(tsan_fiber_);
#endif
  ::munmap(memory_.data(), memory_.size());
}

void Fiber::resume() {
#ifdef WIRESPAN_TSAN
  tsan_caller_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_fiber_, 0);
#endif
  swap_exceptions();
  begin_switch(&fake_stack_of_caller_, here_.uc_stack.ss_sp, here_.uc_stack.ss_size);
  ::swapcontext(&back_, &here_);
  end_switch(fake_stack_of_caller_, nullptr, nullptr);
  swap_exceptions();
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void Fiber::suspend() {
#ifdef WIRESPAN_TSAN
  __tsan_switch_to_fiber(tsan_caller_, 0);
#endif
  begin_switch(has_ended_ ? nullptr : &fake_stack_, stack_of_caller_, stack_size_of_caller_);
  ::swapcontext(&here_, &back_);
  end_switch(fake_stack_, &stack_of_caller_, &stack_size_of_caller_);
}

void Fiber::enter(unsigned high, unsigned low) {
  auto* self = std::bit_cast<Fiber*>((std::uintptr_t{high} << 32U) | low);
  end_switch(nullptr, &self->stack_of_caller_, &self->stack_size_of_caller_);
  self->work();
  self->suspend();  // for ever
}

void Fiber::work() noexcept {
  try {
    std::exchange(work_, nullptr)();
  } catch (...) {
    thrown_ = std::current_exception();
  }
  has_ended_ = true;
}

/// A fiber that is suspended inside a handler of an exception must find that exception again.
void Fiber::swap_exceptions() noexcept {
  auto* current = reinterpret_cast<Exceptions*>(abi::__cxa_get_globals());
  std::swap(*current, exceptions_);
}

}  // namespace wirespan::net
