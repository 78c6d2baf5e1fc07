// replay_main.cpp - runs a fuzz target over files, without libFuzzer: the committed corpus is a
// test in every build. Arguments are files and folders; the name of each input is printed before it
// runs, so that the last line names the input that failed.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// The target's own mutator; null if it has none.
extern "C" [[gnu::weak]] std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                                             std::size_t most, unsigned seed);

/// Stands in for libFuzzer's mutation, which the mutators of the targets fall back to.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t*, std::size_t size, std::size_t most) {
  return std::min(size, most);
}

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_under(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Runs the target on a few inputs that its mutator makes of this one, so that the mutator is
/// tested in every build, too. The choices depend on the input alone: a failure can be repeated.
void replay_mutated(std::vector<std::uint8_t> bytes) {
  constexpr unsigned mutations = 4;
  constexpr std::size_t more = 64;
  for (unsigned seed = 0; seed < mutations; ++seed) {
    const std::size_t size = bytes.size();
    bytes.resize(size + more);
    const std::size_t mutated = LLVMFuzzerCustomMutator(bytes.data(), size, bytes.size(),
                                                        seed + mutations * unsigned(size));
    if (mutated > bytes.size()) std::abort();
    bytes.resize(mutated);
    (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
}

void replay(const fs::path& path) {
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  std::ifstream file(path, std::ios::binary);
  file.exceptions(std::ios::badbit | std::ios::failbit);
  file.peek();
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  const std::vector<std::uint8_t> bytes(content.begin(), content.end());
  (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  if (LLVMFuzzerCustomMutator != nullptr) replay_mutated(bytes);
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  try {
    for (const char* argument : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
      for (const fs::path& path : files_under(argument)) {
        replay(path);
        ++count;
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  (void)LLVMFuzzerTestOneInput(nullptr, 0);
  std::printf("%zu inputs and the empty one\n", count);
  return count > 0 ? 0 : 2;  // a corpus that is not found must not pass
}
