// every_cut.hpp - the same input whole, byte by byte, and cut at every position.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <wirespan/core/bytes.hpp>

namespace wirespan::test {

/// A copy on the heap of exactly this size, so that the address sanitizer sees an access one byte
/// outside and any use after the copy is freed.
class ExactCopy {
 public:
  explicit ExactCopy(Bytes bytes) : size_(bytes.size()), data_(new std::byte[bytes.size()]) {
    std::copy(bytes.begin(), bytes.end(), data_.get());
  }
  [[nodiscard]] MutableBytes bytes() const noexcept { return {data_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::byte[]> data_;
};

/// One way of cutting an input into pieces.
struct Chopping {
  std::string name;
  std::vector<Bytes> pieces;
};

/// Cuts into pieces of `size` bytes; the last one may be shorter.
inline Chopping pieces_of(Bytes wire, std::size_t size) {
  Chopping chopping{.name = "in pieces of " + std::to_string(size), .pieces = {}};
  for (std::size_t at = 0; at < wire.size(); at += size) {
    chopping.pieces.push_back(wire.subspan(at, std::min(size, wire.size() - at)));
  }
  return chopping;
}

/// Returns every position to cut a short input; of one above 1024 bytes the first and last 40 and
/// each multiple of 4099 between.
inline std::vector<std::size_t> cuts(std::size_t size) {
  const std::size_t edge = size <= 1024 ? size : 40;
  constexpr std::size_t stride = 4099;
  std::vector<std::size_t> places;
  for (std::size_t at = 1; at < size; ++at) {
    if (at < edge || size - at < edge || at % stride == 0) places.push_back(at);
  }
  return places;
}

/// Calls run(Chopping) with the whole input, in pieces of 1, 2, 3 and 7 bytes, and cut in two at
/// every position of cuts(). Inputs above 8 KiB come in pieces of 1000 bytes instead of the small
/// ones.
template <class Run>
void for_every_chopping(Bytes wire, Run run) {
  constexpr std::size_t short_enough = 8192;
  run(Chopping{.name = "whole", .pieces = {wire}});
  for (const std::size_t size : {1U, 2U, 3U, 7U}) {
    if (wire.size() <= short_enough) run(pieces_of(wire, size));
  }
  if (wire.size() > short_enough) run(pieces_of(wire, 1000));
  for (const std::size_t cut : cuts(wire.size())) {
    run(Chopping{.name = "cut at " + std::to_string(cut),
                 .pieces = {wire.first(cut), wire.subspan(cut)}});
  }
}

}  // namespace wirespan::test
