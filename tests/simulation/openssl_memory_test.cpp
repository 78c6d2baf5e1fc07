// Every allocation of OpenSSL in the life of a server and a client fails once, on the simulated
// network: the client is told, nothing is left, and the next client is served.
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include "simulation/life_verdict.hpp"

namespace wirespan::test {
namespace {

/// Allocations of OpenSSL until one fails. They are all made by one thread.
struct OpenSslMemory {
  static inline bool counts = false;
  static inline std::size_t asked = 0;
  static inline std::size_t fails_at = SIZE_MAX;

  static bool refuses() noexcept { return counts && asked++ == fails_at; }
  static void* allocate(std::size_t size, const char*, int) {
    return refuses() ? nullptr : std::malloc(size);
  }
  static void* reallocate(void* memory, std::size_t size, const char*, int) {
    return refuses() ? nullptr : std::realloc(memory, size);
  }
  static void release(void* memory, const char*, int) { std::free(memory); }
};

/// OpenSSL takes other functions only before its first allocation.
const bool is_ours = ::CRYPTO_set_mem_functions(OpenSslMemory::allocate, OpenSslMemory::reallocate,
                                                OpenSslMemory::release) == 1;

/// A life in which the n-th allocation fails, counted from the first system call to the end of the
/// first client.
LifeReport live_without(const LifePlan& plan, std::size_t n) {
  OpenSslMemory::fails_at = n;
  OpenSslMemory::asked = 0;
  const auto begin = [](net::SimulatedCall) {
    OpenSslMemory::counts = true;
    return std::error_code();
  };
  LifeReport report =
      live(plan, {.of_calls = begin, .first_ended = [] { OpenSslMemory::counts = false; }});
  OpenSslMemory::counts = false;
  return report;
}

class OpenSslFailures : public ::testing::TestWithParam<LifePlan> {};
std::vector<LifePlan> tls_plans() {
  std::vector<LifePlan> plans = life_plans();
  std::erase_if(plans, [](const LifePlan& plan) {
    return !plan.tls || plan.most_at_once > 0 || plan.compresses;
  });
  return plans;
}
INSTANTIATE_TEST_SUITE_P(Of, OpenSslFailures, ::testing::ValuesIn(tls_plans()),
                         [](const auto& info) { return info.param.name; });

/// In CI the first hundred, then fewer and fewer; all with WIRESPAN_ALL_POINTS.
TEST_P(OpenSslFailures, each_allocation_fails_once) {
  ASSERT_TRUE(is_ours);
  EXPECT_EQ(live_without(GetParam(), SIZE_MAX).first,
            "done");  // what is made once for all is there
  EXPECT_EQ(live_without(GetParam(), SIZE_MAX).first, "done");
  const std::size_t count = OpenSslMemory::asked;
  ASSERT_GT(count, 1000U);
  std::size_t points = 0;
  const std::size_t step = std::getenv("WIRESPAN_ALL_POINTS") != nullptr ? count : 50;
  for (std::size_t n = 0; n < count; n += 1 + n / step) {
    const LifeReport report = live_without(GetParam(), n);
    expect_good_end(report, "allocation " + std::to_string(n));
    ++points;
    if (HasFailure()) return;
  }
  std::printf("%zu of %zu allocations\n", points, count);
}

}  // namespace
}  // namespace wirespan::test
