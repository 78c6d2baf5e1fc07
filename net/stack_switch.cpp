// stack_switch.cpp - two ways to another stack: ucontext, and a few instructions.
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <wirespan/net/stack_switch.hpp>

namespace wirespan::net {

void ContextSwitch::prepare(std::span<std::byte> stack, void (*entry)(void*),
                            void* argument) noexcept {
  entry_ = entry;
  argument_ = argument;
  (void)::getcontext(&here_);
  here_.uc_stack.ss_sp = stack.data();
  here_.uc_stack.ss_size = stack.size();
  here_.uc_link = nullptr;
  // makecontext() passes ints, so the address travels in two halves.
  const std::uint64_t self = reinterpret_cast<std::uintptr_t>(this);
  ::makecontext(&here_, reinterpret_cast<void (*)()>(&ContextSwitch::begin), 2,
                static_cast<unsigned>(self >> 32U), static_cast<unsigned>(self));
}

void ContextSwitch::enter() noexcept { ::swapcontext(&back_, &here_); }

void ContextSwitch::leave() noexcept { ::swapcontext(&here_, &back_); }

void ContextSwitch::begin(unsigned high, unsigned low) {
  const std::uint64_t self = (std::uint64_t{high} << 32U) | low;
  auto* context = std::bit_cast<ContextSwitch*>(static_cast<std::uintptr_t>(self));
  context->entry_(context->argument_);
  std::abort();  // an entry must not return
}

#ifndef WIRESPAN_SWITCHES_CONTEXTS
namespace {

/// Leaves this stack, with `*save` as the way back, for the one of `load`. There it goes on behind
/// the call that saved it, or in a function that gets `self`. All registers count as overwritten,
/// so the compiler keeps on the stack what it needs; the frame pointer it may not be told about.
[[gnu::noinline]] void switch_stack(void** save, void* load, void* self) noexcept {
  asm volatile(
      "subq $128, %%rsp\n\t"  // the red zone, which may be in use
      "pushq %%rbp\n\t"
      "leaq 1f(%%rip), %%rax\n\t"
      "pushq %%rax\n\t"
      "movq %%rsp, (%[save])\n\t"
      "movq %[load], %%rsp\n\t"
      "popq %%rax\n\t"
      "jmpq *%%rax\n"
      "1:\n\t"
      "popq %%rbp\n\t"
      "addq $128, %%rsp"
      : [save] "+S"(save), [load] "+d"(load), [self] "+D"(self)
      :
      : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1",
        "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
        "xmm13", "xmm14", "xmm15", "memory", "cc");
}

}  // namespace

void DirectSwitch::prepare(std::span<std::byte> stack, void (*entry)(void*),
                           void* argument) noexcept {
  entry_ = entry;
  argument_ = argument;
  // The address of begin(), and above it that of a caller: none. begin() finds the stack pointer
  // where a call would have left it, 8 bytes below a multiple of 16.
  const auto top =
      reinterpret_cast<std::uintptr_t>(stack.data() + stack.size()) & ~std::uintptr_t{15};
  auto* frame = std::bit_cast<std::uintptr_t*>(top - 16);
  frame[0] = reinterpret_cast<std::uintptr_t>(&DirectSwitch::begin);
  frame[1] = 0;
  here_ = frame;
}

void DirectSwitch::enter() noexcept { switch_stack(&back_, here_, this); }

void DirectSwitch::leave() noexcept { switch_stack(&here_, back_, this); }

void DirectSwitch::begin(DirectSwitch* self) noexcept {
  self->entry_(self->argument_);
  std::abort();  // an entry must not return
}
#endif

}  // namespace wirespan::net
