// heap_counter.cpp - counting replacements of malloc, calloc, realloc and operator new.
#include "contract/heap_counter.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

// The C library's own names of the replaced functions.
extern "C" {
void* __libc_malloc(std::size_t size);                     // NOLINT
void* __libc_calloc(std::size_t count, std::size_t size);  // NOLINT
void* __libc_realloc(void* block, std::size_t size);       // NOLINT
}

namespace {
std::atomic<std::size_t> heap_count{0};
std::atomic<std::size_t> new_count{0};
}  // namespace

extern "C" void* malloc(std::size_t size) {
  heap_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
extern "C" void* calloc(std::size_t count, std::size_t size) {
  heap_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}
extern "C" void* realloc(void* block, std::size_t size) {
  heap_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(block, size);
}

void* operator new(std::size_t size) {
  new_count.fetch_add(1, std::memory_order_relaxed);
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace wirespan::test {

std::size_t heap_calls() noexcept { return heap_count.load(std::memory_order_relaxed); }
std::size_t new_calls() noexcept { return new_count.load(std::memory_order_relaxed); }

}  // namespace wirespan::test
