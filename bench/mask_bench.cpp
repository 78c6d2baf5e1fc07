// mask_bench.cpp - masking in place and while copying, beside the plain twins and memcpy. RFC 6455
// §5.3.
#include <cstring>
#include <span>

#include <benchmark/benchmark.h>

#include "bench_data.hpp"
#include <wirespan/core/mask.hpp>

namespace wirespan::bench {
namespace {

/// Two areas that grow to what is asked for: only the largest benchmarks need the largest ones.
struct Areas {
  std::vector<std::byte> from;
  std::vector<std::byte> to;
};
Areas& areas_of(std::size_t size) {
  static Areas both;
  if (both.from.size() < size) both = {.from = random_bytes(size), .to = random_bytes(size)};
  return both;
}

/// Arguments: bytes, and the distance of the first one from an aligned address.
struct Spans {
  MutableBytes from;
  MutableBytes to;
};
Spans spans_for(const benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto shift = static_cast<std::size_t>(state.range(1));
  auto& [from, to] = areas_of(size + shift);
  return {.from = MutableBytes(from).subspan(shift, size),
          .to = MutableBytes(to).subspan(shift, size)};
}

template <auto function>
void in_place(benchmark::State& state) {
  const auto [from, to] = spans_for(state);
  for (auto _ : state) {
    function(from, key, 1);
    benchmark::ClobberMemory();
  }
  count_bytes(state, from.size());
}

template <auto function>
void copying(benchmark::State& state) {
  const auto [from, to] = spans_for(state);
  for (auto _ : state) {
    function(to, from, key, 1);
    benchmark::ClobberMemory();
  }
  count_bytes(state, from.size());
}

void plain_copy(benchmark::State& state) {
  const auto [from, to] = spans_for(state);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::ClobberMemory();
  }
  count_bytes(state, from.size());
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"bytes", "shift"});
  for (const int size : {1, 7, 16, 64, 125, 1024, 16384, 65536, 1 << 20, 64 << 20}) {
    benchmark->Args({size, 0});
  }
}

void sizes_and_alignments(benchmark::internal::Benchmark* benchmark) {
  sizes(benchmark);
  for (const int size : {64, 1024, 65536}) {
    for (const int shift : {1, 4, 14}) benchmark->Args({size, shift});
  }
}

BENCHMARK(in_place<apply_mask>)->Name("mask/in_place")->Apply(sizes_and_alignments);
BENCHMARK(in_place<apply_mask_reference>)->Name("mask/in_place_reference")->Apply(sizes);
BENCHMARK(copying<copy_masked>)->Name("mask/copy")->Apply(sizes_and_alignments);
BENCHMARK(copying<copy_masked_reference>)->Name("mask/copy_reference")->Apply(sizes);
BENCHMARK(plain_copy)->Name("mask/memcpy")->Apply(sizes);

}  // namespace
}  // namespace wirespan::bench
