// utf8_bench.cpp - validating UTF-8: four kinds of text, several sizes, beside the reference
// implementation. RFC 6455 §8.1.
#include <array>
#include <cstdlib>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include "bench_data.hpp"
#include <wirespan/core/kernels.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan::bench {
namespace {

constexpr std::string_view ascii = R"({"symbol":"ABC","price":101.25,"size":300} )";
constexpr std::string_view mixed = "Grüße aus Köln, a mostly plain text with a few accents: é. ";
constexpr std::string_view cjk = "広い海を渡る船は、静かな朝に港を出た。";
constexpr std::string_view emoji = "😀🚀🌍🎉🐙🍋🧭🪁";

bool validate(Bytes text) { return is_valid_utf8(text); }

bool validate_plainly(Bytes text) {
  Utf8Validator validator;
  return feed_reference(validator, text) && validator.complete();
}

/// Validates a message that came in pieces of one network packet each.
bool validate_in_pieces(Bytes text) {
  constexpr std::size_t packet = 1448;
  Utf8Validator validator;
  while (!text.empty()) {
    const Bytes piece = text.first(std::min(packet, text.size()));
    if (!validator.feed(piece)) return false;
    text = text.subspan(piece.size());
  }
  return validator.complete();
}

template <auto function, const std::string_view& words>
void utf8(benchmark::State& state) {
  const std::string text = text_of(words, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    bool valid = function(wire_bytes(text));
    benchmark::DoNotOptimize(valid);
    if (!valid) state.SkipWithError("the text must be valid");
  }
  count_bytes(state, text.size());
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("bytes");
  for (const int size : {16, 64, 125, 1024, 16384, 1 << 20}) benchmark->Arg(size);
}

void large(benchmark::internal::Benchmark* benchmark) { benchmark->ArgName("bytes")->Arg(65536); }

BENCHMARK(utf8<validate, ascii>)->Name("utf8/ascii")->Apply(sizes);
BENCHMARK(utf8<validate, mixed>)->Name("utf8/mixed")->Apply(sizes);
BENCHMARK(utf8<validate, cjk>)->Name("utf8/cjk")->Apply(sizes);
BENCHMARK(utf8<validate, emoji>)->Name("utf8/emoji")->Apply(sizes);
BENCHMARK(utf8<validate_plainly, ascii>)->Name("utf8/ascii_reference")->Apply(sizes);
BENCHMARK(utf8<validate_plainly, mixed>)->Name("utf8/mixed_reference")->Apply(sizes);
BENCHMARK(utf8<validate_plainly, cjk>)->Name("utf8/cjk_reference")->Apply(sizes);
BENCHMARK(utf8<validate_plainly, emoji>)->Name("utf8/emoji_reference")->Apply(sizes);
BENCHMARK(utf8<validate_in_pieces, ascii>)->Name("utf8/ascii_in_pieces")->Apply(large);
BENCHMARK(utf8<validate_in_pieces, cjk>)->Name("utf8/cjk_in_pieces")->Apply(large);

void variant(benchmark::State& state, kernels::Utf8Check check, std::string_view words) {
  const std::string text = text_of(words, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    bool valid = check(wire_bytes(text).data(), text.size());
    benchmark::DoNotOptimize(valid);
  }
  count_bytes(state, text.size());
}

const bool variants_are_registered = [] {
  for (const auto& [name, usable, check] : kernels::utf8_checks()) {
    if (!usable()) continue;
    for (const auto& [kind, words] : {std::pair("ascii", ascii), std::pair("cjk", cjk)}) {
      const std::string full_name = std::string("utf8/variant_") + name + "/" + kind;
      auto* benchmark = benchmark::RegisterBenchmark(full_name.c_str(), variant, check, words);
      for (const int size : {64, 1024, 16384}) benchmark->ArgName("bytes")->Arg(size);
    }
  }
  return true;
}();

}  // namespace
}  // namespace wirespan::bench
