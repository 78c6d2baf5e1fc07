// Every allocation of the library (operator new) in the life of a server and a client fails once,
// on the simulated network: the error is told, nothing is left, and the next client is served.
// [new.delete]
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "simulation/exempt.hpp"
#include "simulation/failure_points.hpp"

namespace {

/// Allocations of simulated threads until one fails. One thread of the system runs all of them.
struct Memory {
  static inline bool counts = false;
  static inline std::size_t asked = 0;
  static inline std::size_t fails_at = SIZE_MAX;

  static bool refuses() noexcept {
    return counts && !wirespan::test::Exempt::holds() && asked++ == fails_at;
  }
  static void* allocate(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
    void* memory = allocate_or_null(size, alignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  static void* allocate_or_null(std::size_t size, std::size_t alignment) noexcept {
    if (refuses()) return nullptr;
    const std::size_t rounded = (size / alignment + 1) * alignment;
    return alignment <= alignof(std::max_align_t) ? std::malloc(rounded)
                                                  : std::aligned_alloc(alignment, rounded);
  }
};

}  // namespace

void* operator new(std::size_t size) { return Memory::allocate(size); }
void* operator new[](std::size_t size) { return Memory::allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return Memory::allocate_or_null(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return Memory::allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return Memory::allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace wirespan::test {
namespace {

/// A life in which the n-th allocation fails, counted to the end of the first client.
LifeReport live_without(const LifePlan& plan, std::size_t n) {
  Memory::fails_at = n;
  Memory::asked = 0;
  Memory::counts = true;
  LifeReport report =
      live(plan, {.first_ended = [] { Memory::counts = false; }, .of_memory = true});
  Memory::counts = false;
  return report;
}

class MemoryFailures : public ::testing::TestWithParam<LifePlan> {};
INSTANTIATE_TEST_SUITE_P(Of, MemoryFailures, ::testing::ValuesIn(life_plans()),
                         [](const auto& row) { return row.param.name; });

TEST_P(MemoryFailures, each_allocation_fails_once) {
  (void)live_without(GetParam(), SIZE_MAX);  // what is made once for all is there
  EXPECT_EQ(live_without(GetParam(), SIZE_MAX).first, "done");
  const std::size_t count = Memory::asked;
  ASSERT_GT(count, 100U);
  for (std::size_t n = 0; n < count; ++n) {
    const LifeReport report = live_without(GetParam(), n);
    const std::string where = "allocation " + std::to_string(n) + "; first: " + report.first;
    for (const std::string& broken : report.broken) ADD_FAILURE() << where << ": " << broken;
    EXPECT_FALSE(report.first.empty()) << where;
    if (report.served) {
      EXPECT_EQ(report.second, "done") << where;
    }
    if (HasFailure()) return;
  }
  std::printf("%zu allocations\n", count);
}

}  // namespace
}  // namespace wirespan::test
