// heap_trim.hpp - gives memory back to the system after a burst.
#pragma once

#include <cstddef>

#include <wirespan/core/cxx20.hpp>

namespace wirespan::net {

/// Trims the heap once after each large burst of unsent bytes. The C library keeps free memory: a
/// few live blocks at the end of the heap hold all that is free below them, and of a burst of
/// 300 MB in many blocks 260 MB stay resident. A trim costs some 20 ms for 300 MB, so it is done
/// only when the bytes held fall to a sixteenth of a peak of at least `large`. Not thread-safe.
class HeapTrim {
 public:
  /// Peak of the bytes held below which no trim is worth its cost: 32 MiB.
  static constexpr std::size_t large = std::size_t{32} << 20;

  /// Tells how many bytes are held; trims the heap, within this call, if a burst is over.
  void note_held(std::size_t bytes) noexcept {
    if (bytes >= peak_) {
      peak_ = bytes;
    } else if (peak_ >= large && bytes <= peak_ / 16) {
      peak_ = bytes;
      trim();
    }
  }

 private:
  /// Does nothing with C libraries that have no such call.
  static void trim() noexcept;

  std::size_t peak_ = 0;  // most bytes held since the last trim
};

}  // namespace wirespan::net
