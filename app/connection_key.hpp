// connection_key.hpp - the slot and generation that name one connection of one loop of a server.
#pragma once

#include <cstdint>

namespace wirespan {

/// A slot of the loop's connection table, and the generation of its use: a slot that is used again
/// is another connection, under the next generation. Generations begin with 1.
struct ConnectionKey {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  bool operator==(const ConnectionKey&) const noexcept = default;
};

}  // namespace wirespan
