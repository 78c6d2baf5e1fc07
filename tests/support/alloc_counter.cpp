// alloc_counter.cpp - the replaced global allocation functions. [new.delete]
#include "support/alloc_counter.hpp"

#include <cstdlib>
#include <limits>
#include <new>

namespace {

constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

bool active = false;
std::size_t allocations = 0;
long balance = 0;
std::size_t allowed_before_failure = never;
bool has_failed = false;

bool is_to_fail() noexcept {
  if (!active || allowed_before_failure == never) return false;
  if (allowed_before_failure-- > 0) return false;
  allowed_before_failure = never;
  has_failed = true;
  return true;
}

void* allocate(std::size_t size, std::size_t alignment) {
  if (is_to_fail()) throw std::bad_alloc();
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = alignment <= alignof(std::max_align_t)
                     ? std::malloc(size == 0 ? 1 : size)
                     : std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  if (active) {
    ++allocations;
    ++balance;
  }
  return memory;
}

void release(void* memory) noexcept {
  if (memory != nullptr && active) --balance;
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace wirespan::test {

AllocCounter::AllocCounter() noexcept {
  allocations = 0;
  balance = 0;
  allowed_before_failure = never;
  has_failed = false;
  active = true;
}

AllocCounter::~AllocCounter() {
  active = false;
  allowed_before_failure = never;
}

std::size_t AllocCounter::count() const noexcept { return allocations; }
long AllocCounter::outstanding() const noexcept { return balance; }
void AllocCounter::fail_after(std::size_t allowed) noexcept { allowed_before_failure = allowed; }
bool AllocCounter::failed() const noexcept { return has_failed; }

}  // namespace wirespan::test
