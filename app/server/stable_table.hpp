// stable_table.hpp - a growing table whose entries never move. Private.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace wirespan {

/// Like std::deque, with a look-up by index of a few instructions (shift, mask, two loads): a
/// server does one for every message that it sends.
template <class T>
class StableTable {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Requires index < size().
  [[nodiscard]] T& operator[](std::size_t index) noexcept {
    return chunks_[index / chunk_size][index % chunk_size];
  }
  /// Appends a default entry. Throws std::bad_alloc, and then nothing has changed.
  void emplace_back() {
    if (size_ == chunks_.size() * chunk_size) chunks_.push_back(std::make_unique<T[]>(chunk_size));
    ++size_;
  }
  void clear() noexcept {
    chunks_.clear();
    size_ = 0;
  }

 private:
  static constexpr std::size_t chunk_size = 256;

  std::vector<std::unique_ptr<T[]>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace wirespan
