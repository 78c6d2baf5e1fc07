// connection_key.hpp - the slot and generation that name one connection of one loop of a server.
#pragma once

#include <cstdint>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// A slot of the loop's connection table, and the generation of its use: a slot that is used again
/// is another connection, under the next generation. Generations begin with 1.
struct ConnectionKey {
  std::uint32_t slot = 0;        ///< Index in the table.
  std::uint32_t generation = 0;  ///< Counts the uses of the slot; 0: no connection.
  bool operator==(const ConnectionKey&) const noexcept = default;
};

}  // namespace wirespan
