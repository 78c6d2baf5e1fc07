// deflate_levels.cpp - bytes and time of a message at each level of compression, with each engine
// and context. Prints the table of bench/README.md.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <time.h>

#include "trades.hpp"
#include <wirespan/core/permessage_deflate.hpp>

namespace {

using namespace wirespan;

constexpr std::size_t messages = 200;
constexpr int rounds = 5;
/// Bytes that a pool keeps: too few for libdeflate's engines, enough for zlib's state.
constexpr std::size_t zlib_alone = 600'000;

struct Mode {
  const char* name;
  DeflateContext context;
  std::size_t keep;
};

constexpr std::array modes{
    Mode{"zlib, none", DeflateContext::none, zlib_alone},
    Mode{"as built, none", DeflateContext::none, DeflatePool::default_keep},
    Mode{"zlib, stream", DeflateContext::stream, zlib_alone},
};

/// CPU time of this thread in microseconds.
double cpu_time() {
  timespec time{};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

struct Figure {
  std::size_t bytes = 0;
  double time = 0;
};

/// Compresses all messages of one connection; per message.
Figure once(const Mode& mode, int level, const std::vector<std::string>& texts) {
  DeflateOptions options{.send_context = mode.context, .level = level, .threshold = 0};
  const auto pool = std::make_shared<DeflatePool>(options, mode.keep);
  const DeflateParameters agreed{.server_no_context_takeover =
                                     mode.context == DeflateContext::none};
  const auto codec = make_deflate_codec(pool, Role::server, agreed);
  Figure sum;
  const double start = cpu_time();
  for (const std::string& text : texts) {
    ByteBuffer out;
    const auto shrinks = codec->encode(wire_bytes(text), true, true, out);
    if (!shrinks || !*shrinks) std::exit(1);
    sum.bytes += out.size();
    codec->commit(wire_bytes(text), true);
  }
  sum.time = (cpu_time() - start) / static_cast<double>(texts.size());
  sum.bytes /= texts.size();
  return sum;
}

void print_row(const Mode& mode, std::size_t size) {
  const std::vector<std::string> texts = bench::trades(messages, size);
  std::printf("| %s, %zu KiB |", mode.name, size / 1024);
  for (int level = 1; level <= 9; ++level) {
    Figure best = once(mode, level, texts);
    for (int round = 1; round < rounds; ++round) {
      best.time = std::min(best.time, once(mode, level, texts).time);
    }
    std::printf(" %zu B, %.0f µs |", best.bytes, best.time);
  }
  std::puts("");
}

}  // namespace

int main() {
  std::puts("| Context, message | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |");
  std::puts("|---|---|---|---|---|---|---|---|---|---|");
  for (const std::size_t size : {std::size_t{1024}, std::size_t{16384}}) {
    for (const Mode& mode : modes) print_row(mode, size);
  }
}
