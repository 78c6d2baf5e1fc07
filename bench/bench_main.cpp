// bench_main.cpp - main() of the benchmark programs: Google Benchmark with a shorter default time,
// so that all programs together take less than two minutes. Flags of the caller override it.
#include <span>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

int main(int argc, char** argv) {
  std::string default_time = "--benchmark_min_time=0.05";
  const std::span given(argv, static_cast<std::size_t>(argc));
  std::vector<char*> arguments(given.begin(), given.end());
  arguments.insert(arguments.begin() + 1, default_time.data());  // a later flag overrides it
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
