// heap_trim.hpp - gives memory back to the system after a burst.
#pragma once

#include <cstddef>

namespace wirespan::net {

/// Free memory stays with the C library: after a burst of 300 MB in many blocks 260 MB remained
/// resident for ever, since a few live blocks at the end of the heap keep all that is free below
/// them. Told how much is held, it trims the heap once when a large amount has been released. The
/// trim costs some 20 ms for 300 MB, so it is done for large bursts only. Not thread-safe.
class HeapTrim {
 public:
  /// Held at least, before a release counts as large.
  static constexpr std::size_t large = std::size_t{32} << 20;

  void note_held(std::size_t bytes) noexcept {
    if (bytes >= peak_) {
      peak_ = bytes;
    } else if (peak_ >= large && bytes <= peak_ / 16) {
      peak_ = bytes;
      trim();
    }
  }

 private:
  /// Nothing with C libraries that have no such call.
  static void trim() noexcept;

  std::size_t peak_ = 0;
};

}  // namespace wirespan::net
