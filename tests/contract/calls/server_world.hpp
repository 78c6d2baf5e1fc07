// server_world.hpp - one connection of a WebSocketServer on a simulated network, brought into a
// state, and one call in it from one place.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "contract/calls/peer.hpp"
#include "contract/calls/places.hpp"
#include <wirespan/app/websocket_server.hpp>

namespace wirespan::test {

/// A call on a connection, or on its server.
using ServerCallFunction =
    std::function<std::error_code(const ServerConnection&, WebSocketServer&)>;

/// The outcome of the call, and the fate of everything that was sent to the client.
struct ServerAftermath {
  std::optional<std::error_code> outcome{};  ///< Unset: the place was not reached.
  std::size_t buffered_before = 0;           ///< buffered_amount() around the call.
  std::size_t buffered_after = 0;
  std::size_t filler_bytes = 0;  ///< Payload that was sent to make the state.
  std::vector<std::string> got;  ///< Payloads that the client got, without the filler.
  std::size_t got_bytes = 0;     ///< With the filler.
  std::size_t got_messages = 0;  ///< Data messages, with the filler.
  std::size_t lost = 0;          ///< buffered_amount() inside on_close.
  int closes = 0;                ///< Calls of on_close for the connection.
  bool has_run = false;
  ServerStats stats{};
};

/// Makes `call` once at that place and in that state, then lets the client read everything and
/// stops the server.
[[nodiscard]] ServerAftermath call_on_server(CallState state, Place place,
                                             const ServerCallFunction& call);

/// The places at which a connection of a server can be in that state.
[[nodiscard]] std::vector<Place> places_of_server(CallState state);

}  // namespace wirespan::test
