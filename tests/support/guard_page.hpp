// guard_page.hpp - input next to an unmapped page: an access one byte too far is a fault.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

#include <wirespan/core/bytes.hpp>

namespace wirespan::test {

enum class Guarded : std::uint8_t { front, end };

/// A copy of some bytes with an unmapped page before and after it. The copy touches the page at
/// `side`; towards the other one there may be slack up to a page.
class GuardedBytes {
 public:
  explicit GuardedBytes(Bytes bytes, Guarded side = Guarded::end) : size_(bytes.size()) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t usable = (size_ + page - 1) / page * page;
    mapped_ = page + usable + page;
    void* memory =
        ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<std::byte*>(memory);
    ::mprotect(memory_, page, PROT_NONE);
    ::mprotect(memory_ + page + usable, page, PROT_NONE);
    start_ = memory_ + page + (side == Guarded::end ? usable - size_ : 0);
    std::copy(bytes.begin(), bytes.end(), start_);
  }
  ~GuardedBytes() { ::munmap(memory_, mapped_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  [[nodiscard]] MutableBytes bytes() const noexcept { return {start_, size_}; }

 private:
  std::size_t size_;
  std::size_t mapped_ = 0;
  std::byte* memory_ = nullptr;
  std::byte* start_ = nullptr;
};

}  // namespace wirespan::test
