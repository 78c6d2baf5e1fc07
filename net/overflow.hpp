// overflow.hpp - the answers to a peer that reads too slowly.
#pragma once

#include <cstdint>

#include <wirespan/core/cxx20.hpp>

namespace wirespan::net {

/// The fate of a message that would lift the held bytes above the hard limit or the send budget.
enum class Overflow : std::uint8_t {
  refuse,       ///< send_queue_full or send_budget_spent; publishing skips this connection.
  drop_oldest,  ///< The oldest unsent whole messages make room and are counted as dropped.
  close,        ///< The connection is closed with 1013 (try again later).
};

}  // namespace wirespan::net
