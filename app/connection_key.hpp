// connection_key.hpp - names one connection of one loop of a server.
#pragma once

#include <cstdint>

namespace wirespan {

/// A slot of the loop's table, and how often it was given out before: a slot that is used again is
/// another connection. Generations begin with 1.
struct ConnectionKey {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  bool operator==(const ConnectionKey&) const noexcept = default;
};

}  // namespace wirespan
