// fail_after.hpp - fault injection: the n-th operation fails, for every n, until a scenario
// succeeds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

#include <wirespan/core/block.hpp>
#include <wirespan/core/mask.hpp>

namespace wirespan::test {

/// Lets `allowed` operations succeed and fails the one after them, once.
class FailAfter {
 public:
  explicit FailAfter(int allowed) noexcept : left_(allowed) {}
  /// False for the operation that has to fail. Each call counts as one operation.
  [[nodiscard]] bool allows() noexcept { return left_-- != 0; }
  /// True when the failure has happened.
  [[nodiscard]] bool spent() const noexcept { return left_ < 0; }

 private:
  int left_;
};

/// Runs `scenario` with FailAfter(0), FailAfter(1), ... until no operation of it fails, and returns
/// how many operations can fail. The scenario returns nothing and checks its own results.
template <class Scenario>
int run_until_nothing_fails(Scenario scenario) {
  for (int n = 0;; ++n) {
    FailAfter fail(n);
    scenario(fail);
    if (!fail.spent()) return n;
  }
}

/// A BlockSource over the heap that throws std::bad_alloc where `fail` says so and counts the
/// blocks that are out. A block that comes back is overwritten with 0xDD before it is freed, so
/// that a view which outlives its block shows.
class CountingBlocks {
 public:
  explicit CountingBlocks(FailAfter* fail = nullptr) noexcept : fail_(fail) {}
  CountingBlocks(const CountingBlocks&) = delete;
  CountingBlocks& operator=(const CountingBlocks&) = delete;

  [[nodiscard]] const BlockSource& source() const noexcept { return source_; }
  [[nodiscard]] int outstanding() const noexcept { return outstanding_; }
  [[nodiscard]] int lent() const noexcept { return lent_; }
  /// The largest sum of capacities that was lent at one time.
  [[nodiscard]] std::size_t peak() const noexcept { return peak_; }

 private:
  static Block::Ptr lend(void* context, std::size_t at_least) {
    auto& self = *static_cast<CountingBlocks*>(context);
    if (self.fail_ != nullptr && !self.fail_->allows()) throw std::bad_alloc();
    Block::Ptr block = Block::allocate(at_least);
    ++self.outstanding_;
    ++self.lent_;
    self.held_ += block->capacity();
    if (self.held_ > self.peak_) self.peak_ = self.held_;
    return block;
  }
  static void take_back(void* context, Block::Ptr block) noexcept {
    auto& self = *static_cast<CountingBlocks*>(context);
    --self.outstanding_;
    self.held_ -= block->capacity();
    std::fill_n(block->bytes(), block->capacity(), std::byte{0xDD});
    block.reset();
  }

  FailAfter* fail_;
  BlockSource source_{.lend = &lend, .take_back = &take_back, .context = this};
  int outstanding_ = 0;
  int lent_ = 0;
  std::size_t held_ = 0;
  std::size_t peak_ = 0;
};

/// A MaskSource whose keys differ from frame to frame and are predictable; fails where `fail` says
/// so.
class CountingKeys {
 public:
  explicit CountingKeys(FailAfter* fail = nullptr) noexcept : fail_(fail) {}
  CountingKeys(const CountingKeys&) = delete;
  CountingKeys& operator=(const CountingKeys&) = delete;

  [[nodiscard]] MaskSource source() noexcept { return {.next = &next, .context = this}; }
  [[nodiscard]] unsigned asked() const noexcept { return asked_; }
  /// Returns the key that the `n`-th call gives, counted from 1.
  [[nodiscard]] static MaskKey key(unsigned n) noexcept {
    const unsigned value = n * 0x9E3779B9U;
    MaskKey key;
    for (unsigned i = 0; i < 4; ++i) key[i] = static_cast<std::byte>((value >> (8 * i)) & 255);
    return key;
  }

 private:
  static bool next(void* context, MaskKey& out) noexcept {
    auto& self = *static_cast<CountingKeys*>(context);
    if (self.fail_ != nullptr && !self.fail_->allows()) return false;
    out = key(++self.asked_);
    return true;
  }

  FailAfter* fail_;
  unsigned asked_ = 0;
};

}  // namespace wirespan::test
