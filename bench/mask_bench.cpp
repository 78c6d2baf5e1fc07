// mask_bench.cpp - masking in place and while copying, beside the reference implementations and
// memcpy. RFC 6455 §5.3.
#include <algorithm>
#include <cstring>
#include <string>

#include <benchmark/benchmark.h>

#include "bench_data.hpp"
#include <wirespan/core/kernels.hpp>
#include <wirespan/core/mask.hpp>

namespace wirespan::bench {
namespace {

/// Two areas that grow to the largest size asked for: only the largest benchmarks need the most.
struct Areas {
  std::vector<std::byte> from;
  std::vector<std::byte> to;
};
Areas& areas_of(std::size_t size) {
  static Areas both;
  if (both.from.size() < size) both = {.from = random_bytes(size), .to = random_bytes(size)};
  return both;
}

/// Payloads one behind the other, like frames in a receive buffer. Masking the same bytes again and
/// again would measure store forwarding: overlapping vectors wait for the store before them (9 ns
/// at 125 bytes instead of 3), and a program masks a payload once.
class Payloads {
 public:
  /// Arguments: bytes, and the distance of the first one from an aligned address.
  explicit Payloads(const benchmark::State& state)
      : size_(static_cast<std::size_t>(state.range(0))),
        shift_(static_cast<std::size_t>(state.range(1))),
        stride_((size_ + 63) / 64 * 64 + 64),
        area_(std::max(row, stride_)),
        areas_(areas_of(area_)) {}

  void advance() noexcept {
    at_ += stride_;
    if (at_ + stride_ > area_) at_ = 0;
  }
  [[nodiscard]] MutableBytes from() noexcept {
    return MutableBytes(areas_.from).subspan(at_ + shift_, size_);
  }
  [[nodiscard]] MutableBytes to() noexcept {
    return MutableBytes(areas_.to).subspan(at_ + shift_, size_);
  }

 private:
  static constexpr std::size_t row = 16384;  // both rows fit into the first-level cache
  std::size_t size_;
  std::size_t shift_;
  std::size_t stride_;
  std::size_t area_;
  Areas& areas_;
  std::size_t at_ = 0;
};

void in_place(benchmark::State& state, decltype(&apply_mask) function) {
  Payloads payloads(state);
  for (auto _ : state) {
    function(payloads.from(), key, 1);
    benchmark::ClobberMemory();
    payloads.advance();
  }
  count_bytes(state, payloads.from().size());
}

void copying(benchmark::State& state, decltype(&copy_masked) function) {
  Payloads payloads(state);
  for (auto _ : state) {
    function(payloads.to(), payloads.from(), key, 1);
    benchmark::ClobberMemory();
    payloads.advance();
  }
  count_bytes(state, payloads.from().size());
}

void plain_copy(benchmark::State& state) {
  Payloads payloads(state);
  for (auto _ : state) {
    std::memcpy(payloads.to().data(), payloads.from().data(), payloads.from().size());
    benchmark::ClobberMemory();
    payloads.advance();
  }
  count_bytes(state, payloads.from().size());
}

/// One of the vector loops for long payloads, in place.
void variant(benchmark::State& state, kernels::MaskLoop loop) {
  Payloads payloads(state);
  for (auto _ : state) {
    std::byte* data = payloads.from().data();
    loop(data, data, payloads.from().size(), kernels::key_word(key, 1));
    benchmark::ClobberMemory();
    payloads.advance();
  }
  count_bytes(state, payloads.from().size());
}

/// Small frames with random lengths of 0 to 125, which branch prediction cannot foresee.
void random_sizes(benchmark::State& state, decltype(&apply_mask) function) {
  constexpr std::size_t frames = 8192;
  constexpr std::size_t stride = 128;
  std::vector<std::size_t> sizes;
  for (const std::byte byte : random_bytes(frames)) {
    sizes.push_back(std::to_integer<std::size_t>(byte) % 126);
  }
  auto& area = areas_of(frames * stride).from;
  std::size_t at = 0;
  for (auto _ : state) {
    function(MutableBytes(area).subspan(at % 256 * stride, sizes[at]), key, 0);
    benchmark::ClobberMemory();
    at = (at + 1) % frames;
  }
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

BENCHMARK_CAPTURE(in_place, , apply_mask)->Name("mask/in_place")->Apply(sizes_and_alignments);
BENCHMARK_CAPTURE(in_place, , apply_mask_reference)->Name("mask/in_place_reference")->Apply(sizes);
BENCHMARK_CAPTURE(copying, , copy_masked)->Name("mask/copy")->Apply(sizes_and_alignments);
BENCHMARK_CAPTURE(copying, , copy_masked_reference)->Name("mask/copy_reference")->Apply(sizes);
BENCHMARK(plain_copy)->Name("mask/memcpy")->Apply(sizes);
BENCHMARK_CAPTURE(random_sizes, , apply_mask)->Name("mask/random_to_125");
BENCHMARK_CAPTURE(random_sizes, , apply_mask_reference)->Name("mask/random_to_125_reference");

const bool variants_are_registered = [] {
  for (const auto& [name, usable, loop] : kernels::mask_loops()) {
    if (!usable()) continue;
    const std::string full_name = std::string("mask/variant_") + name;
    auto* benchmark = benchmark::RegisterBenchmark(full_name.c_str(), variant, loop);
    benchmark->ArgNames({"bytes", "shift"});
    for (const int size : {256, 1024, 16384, 1 << 20, 64 << 20}) benchmark->Args({size, 4});
  }
  return true;
}();

}  // namespace
}  // namespace wirespan::bench
