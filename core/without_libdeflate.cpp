// without_libdeflate.cpp - whole_messages.hpp in a build without libdeflate: zlib does it all.
#include <wirespan/core/whole_messages.hpp>

namespace wirespan {

struct WholeMessages::Sending {};
struct WholeMessages::Receiving {};

WholeMessages::WholeMessages(int level, std::size_t) noexcept : level_(level), available_(false) {}
WholeMessages::~WholeMessages() = default;

std::optional<std::size_t> WholeMessages::compress(Bytes, MutableBytes) noexcept {
  return std::nullopt;
}

std::optional<std::size_t> WholeMessages::inflate(Bytes, MutableBytes) noexcept {
  return std::nullopt;
}

std::size_t WholeMessages::memory() const noexcept { return 0; }

}  // namespace wirespan
