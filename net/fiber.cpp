// fiber.cpp - stacks and switches of simulated threads, told to the sanitizers.
#include <array>
#include <new>
#include <utility>

#include <cxxabi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wirespan/net/fiber.hpp>
#include <wirespan/net/sanitizers.hpp>

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

#if defined(MAP_STACK) && defined(MAP_NORESERVE)
constexpr int map_hints = MAP_STACK | MAP_NORESERVE;
#else
constexpr int map_hints = 0;
#endif

/// Reserves a page that may not be touched, and a stack behind it.
std::span<std::byte> map_stack(std::size_t size) {
  void* memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | map_hints, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  (void)::mprotect(memory, page_size(), PROT_NONE);
  return {static_cast<std::byte*>(memory), size};
}

/// Stacks of a thread's fibers that have ended, for its next ones: to give memory back to the
/// system and to take it again costs more than a short fiber. A sanitizer keeps notes about a
/// stack, so with one none is kept.
class IdleStacks {
 public:
  IdleStacks() = default;
  ~IdleStacks() {
    while (count_ > 0) unmap(kept_[--count_]);
  }
  IdleStacks(const IdleStacks&) = delete;
  IdleStacks& operator=(const IdleStacks&) = delete;

  std::span<std::byte> take(std::size_t size) {
    while (count_ > 0) {
      const std::span<std::byte> stack = kept_[--count_];
      if (stack.size() == size) return stack;
      unmap(stack);
    }
    return map_stack(size);
  }
  void give_back(std::span<std::byte> stack) noexcept {
    if (count_ == most) return unmap(stack);
    kept_[count_++] = stack;
  }

 private:
  static void unmap(std::span<std::byte> stack) noexcept { ::munmap(stack.data(), stack.size()); }

  static constexpr std::size_t capacity = 32;
#if defined(WIRESPAN_ASAN) || defined(WIRESPAN_TSAN)
  static constexpr std::size_t most = 0;
#else
  static constexpr std::size_t most = capacity;
#endif
  std::array<std::span<std::byte>, capacity> kept_{};
  std::size_t count_ = 0;
};

thread_local IdleStacks idle_stacks;

}  // namespace

Fiber::Fiber(std::function<void()> work, std::size_t stack_size)
    : work_(std::move(work)), memory_(idle_stacks.take(page_size() + stack_size)) {
  switch_.prepare(stack(), &Fiber::enter, this);
#ifdef WIRESPAN_TSAN
  tsan_fiber_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#ifdef WIRESPAN_TSAN
  __tsan_destroy_fiber(tsan_fiber_);
#endif
  idle_stacks.give_back(memory_);
}

void Fiber::resume() {
#ifdef WIRESPAN_TSAN
  tsan_caller_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_fiber_, 0);
#endif
  swap_exceptions();
  begin_switch(&fake_stack_of_caller_, stack().data(), stack().size());
  switch_.enter();
  end_switch(fake_stack_of_caller_, nullptr, nullptr);
  swap_exceptions();
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void Fiber::suspend() {
#ifdef WIRESPAN_TSAN
  __tsan_switch_to_fiber(tsan_caller_, 0);
#endif
  begin_switch(has_ended_ ? nullptr : &fake_stack_, stack_of_caller_, stack_size_of_caller_);
  switch_.leave();
  end_switch(fake_stack_, &stack_of_caller_, &stack_size_of_caller_);
}

void Fiber::enter(void* self) {
  auto* fiber = static_cast<Fiber*>(self);
  end_switch(nullptr, &fiber->stack_of_caller_, &fiber->stack_size_of_caller_);
  fiber->work();
  fiber->suspend();  // for ever
}

std::span<std::byte> Fiber::stack() const noexcept { return memory_.subspan(page_size()); }

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
