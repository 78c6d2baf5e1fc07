// fuzz_input.hpp - how the targets read their input (settings, tape, bytes) and state assertions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include <wirespan/core/bytes.hpp>

namespace wirespan::fuzz {

/// Asserts `holds`: prints `what` and aborts, in every build; assert() is compiled out of a
/// release.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "\nDoes not hold: %s\n", what);
  std::abort();
}

/// Choices for a run of any length. The tape starts again at its end, so that one byte is enough to
/// say "always one byte at a time", and a seed can be written by hand. An empty tape reads as
/// zeros.
class Tape {
 public:
  Tape() = default;
  explicit Tape(Bytes choices) noexcept : choices_(choices) {}

  [[nodiscard]] std::uint8_t next() noexcept {
    if (choices_.empty()) return 0;
    const auto choice = std::to_integer<std::uint8_t>(choices_[at_]);
    at_ = (at_ + 1) % choices_.size();
    return choice;
  }

  /// The size of the next piece of `available` bytes, at least 1 if there is a byte. A choice of 0
  /// means all of them, 1 to 127 that many, 128 to 255 multiples of 64 from 64 on.
  [[nodiscard]] std::size_t cut(std::size_t available) noexcept {
    const std::size_t choice = next();
    const std::size_t size = choice < 128 ? choice : (choice - 127) * 64;
    return size == 0 || size > available ? available : size;
  }

  template <class T, std::size_t size>
  [[nodiscard]] const T& pick(const std::array<T, size>& from) noexcept {
    return from[next() % size];
  }

 private:
  Bytes choices_;
  std::size_t at_ = 0;
};

/// The input of a target: settings first, then the tape (its length in one byte), then the bytes
/// for the code under test. Missing bytes read as zero, so that every input is meaningful.
class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size) noexcept
      : rest_(std::as_bytes(std::span(data, size))) {}

  [[nodiscard]] std::uint8_t byte() noexcept {
    const Bytes one = take(1);
    return one.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(one[0]);
  }
  [[nodiscard]] Tape tape() noexcept { return Tape(take(byte())); }
  /// Returns the next `size` bytes, fewer at the end of the input.
  [[nodiscard]] Bytes take(std::size_t size) noexcept {
    const Bytes taken = rest_.first(size < rest_.size() ? size : rest_.size());
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  [[nodiscard]] Bytes rest() const noexcept { return rest_; }

 private:
  Bytes rest_;
};

/// A copy on the heap of exactly the given size: the address sanitizer reports a read of one byte
/// more.
class ExactCopy {
 public:
  ExactCopy() = default;
  explicit ExactCopy(std::size_t size) : bytes_(new std::byte[size]), size_(size) {}
  explicit ExactCopy(Bytes from) : ExactCopy(from.size()) {
    if (size_ > 0) std::memcpy(bytes_.get(), from.data(), size_);
  }
  [[nodiscard]] MutableBytes get() const noexcept { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_ = 0;
};

[[nodiscard]] inline bool same_bytes(Bytes a, Bytes b) noexcept {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

using OwnedBytes = std::vector<std::byte>;

[[nodiscard]] inline OwnedBytes owned(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace wirespan::fuzz
