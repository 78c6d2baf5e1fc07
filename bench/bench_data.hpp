// bench_data.hpp - payloads, mask keys, memory and counters that the benchmarks share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <wirespan/core/block.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/mask.hpp>

namespace wirespan::bench {

inline constexpr MaskKey key{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};

/// A mask source with a constant key: the random source is not part of these measurements.
[[nodiscard]] inline MaskSource fixed_keys() noexcept {
  return {.next = [](void*, MaskKey& out) noexcept {
    out = key;
    return true;
  }};
}

/// Pseudo-random bytes: no pattern that branch prediction or compression could use.
[[nodiscard]] inline std::vector<std::byte> random_bytes(std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::uint64_t state = 0x9E3779B97F4A7C15U;
  for (std::byte& byte : bytes) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<std::byte>(state >> 56);
  }
  return bytes;
}

/// Repeats `words` to `size` bytes. A multi-byte code point at the end becomes spaces, since it may
/// be cut.
[[nodiscard]] inline std::string text_of(std::string_view words, std::size_t size) {
  std::string text;
  while (text.size() < size) text += words;
  text.resize(size);
  const auto is_inside = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  if (size == 0 || static_cast<unsigned char>(text.back()) < 0x80) return text;
  while (!text.empty() && is_inside(text.back())) text.pop_back();
  if (!text.empty()) text.pop_back();
  return text + std::string(size - text.size(), ' ');
}

/// A block source with one block, which is lent and taken back like those of a loop's buffer pool.
class OneBlock {
 public:
  [[nodiscard]] BlockSource source() noexcept {
    return {.lend = &OneBlock::lend, .take_back = &OneBlock::take_back, .context = this};
  }

 private:
  static constexpr std::size_t least_capacity = std::size_t{128} << 10;

  static Block::Ptr lend(void* context, std::size_t at_least) {
    Block::Ptr& kept = static_cast<OneBlock*>(context)->kept_;
    if (kept && kept->capacity() >= at_least) return std::move(kept);
    return Block::allocate(std::max(at_least, least_capacity));
  }
  static void take_back(void* context, Block::Ptr block) noexcept {
    static_cast<OneBlock*>(context)->kept_ = std::move(block);
  }

  Block::Ptr kept_;
};

/// Reports that every iteration handled `size` bytes.
inline void count_bytes(benchmark::State& state, std::size_t size) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}

/// Reports that every iteration handled `count` messages of `size` bytes, and the time for one of
/// them as `per_message`.
inline void count_messages(benchmark::State& state, std::size_t count, std::size_t size) {
  const auto messages = state.iterations() * static_cast<std::int64_t>(count);
  state.SetItemsProcessed(messages);
  if (size > 0) state.SetBytesProcessed(messages * static_cast<std::int64_t>(size));
  state.counters["per_message"] =
      benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsIterationInvariantRate |
                                                         benchmark::Counter::kInvert);
}

}  // namespace wirespan::bench
