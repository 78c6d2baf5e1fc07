// mutation.hpp - the parts that structure-aware mutators share: an input taken apart, and choices.
#pragma once

#include <algorithm>
#include <random>

#include "frame_mutator.hpp"
#include "fuzz_input.hpp"

/// libFuzzer's own mutation; in an ordinary build replay_main.cpp has one that changes nothing.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace wirespan::fuzz {

/// Choices of one mutation, which depend on its seed alone.
class Choices {
 public:
  explicit Choices(unsigned seed) : random_(seed) {}
  /// Returns a number below `bound`, which must not be 0.
  [[nodiscard]] std::size_t below(std::size_t bound) { return random_() % bound; }
  [[nodiscard]] std::byte byte() { return std::byte{static_cast<std::uint8_t>(below(256))}; }

 private:
  std::minstd_rand random_;
};

/// Returns `bytes` after one mutation by libFuzzer, which may add up to `more` bytes.
[[nodiscard]] inline OwnedBytes mutated_by_fuzzer(OwnedBytes bytes, std::size_t more) {
  const std::size_t size = bytes.size();
  bytes.resize(size + more);
  auto* const data = reinterpret_cast<std::uint8_t*>(bytes.data());
  bytes.resize(LLVMFuzzerMutate(data, size, bytes.size()));
  return bytes;
}

/// An input in its three parts.
struct InputParts {
  InputParts(MutableInput input, std::size_t setting_bytes) {
    FuzzInput parts(input.data, input.size);
    settings = owned(parts.take(setting_bytes));
    tape = owned(parts.take(parts.byte()));
    bytes = owned(parts.rest());
    settings.resize(setting_bytes);
  }

  /// Writes the parts to the place of the input, cut to the room that is there.
  [[nodiscard]] std::size_t write_to(MutableInput input) const {
    OwnedBytes whole = settings;
    const std::size_t tape_size = std::min<std::size_t>(tape.size(), 255);
    whole.push_back(std::byte{static_cast<std::uint8_t>(tape_size)});
    whole.insert(whole.end(), tape.begin(), tape.begin() + static_cast<std::ptrdiff_t>(tape_size));
    whole.insert(whole.end(), bytes.begin(), bytes.end());
    const std::size_t size = std::min(whole.size(), input.most);
    if (size > 0) std::memcpy(input.data, whole.data(), size);
    return size;
  }

  OwnedBytes settings;
  OwnedBytes tape;
  OwnedBytes bytes;
};

/// Mutates settings or tape now and then. True if it did: the bytes stay as they are.
[[nodiscard]] inline bool mutated_choices(InputParts& parts, Choices& choices) {
  switch (choices.below(8)) {
    case 0:
      if (parts.settings.empty()) return false;
      parts.settings[choices.below(parts.settings.size())] = choices.byte();
      return true;
    case 1:
      parts.tape = mutated_by_fuzzer(std::move(parts.tape), 8);
      return true;
    default:
      return false;
  }
}

}  // namespace wirespan::fuzz
