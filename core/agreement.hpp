// agreement.hpp - what both sides settled in the opening handshake. RFC 6455 §4.
#pragma once

#include <string>

#include <wirespan/core/headers.hpp>

namespace wirespan {

struct Agreement {
  std::string subprotocol;  ///< As the server spells it; empty if none was chosen.
  /// On a client: all fields of the response. On a server: further fields for the response.
  Headers headers;
};

}  // namespace wirespan
