// guard_page.hpp - input that ends where the address space does: one byte further is a fault.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

#include <wirespan/core/bytes.hpp>

namespace wirespan::test {

/// A copy of some bytes that ends at an unmapped page.
class GuardedBytes {
 public:
  explicit GuardedBytes(Bytes bytes) : size_(bytes.size()) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    usable_ = (size_ + page - 1) / page * page;
    mapped_ = usable_ + page;
    void* memory =
        ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<std::byte*>(memory);
    ::mprotect(memory_ + usable_, page, PROT_NONE);
    std::copy(bytes.begin(), bytes.end(), memory_ + usable_ - size_);
  }
  ~GuardedBytes() { ::munmap(memory_, mapped_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  [[nodiscard]] MutableBytes bytes() const noexcept { return {memory_ + usable_ - size_, size_}; }

 private:
  std::size_t size_;
  std::size_t usable_ = 0;
  std::size_t mapped_ = 0;
  std::byte* memory_ = nullptr;
};

}  // namespace wirespan::test
