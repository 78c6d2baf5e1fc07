// agreement.hpp - what both sides settled in the opening handshake. RFC 6455 §4.
#pragma once

#include <optional>
#include <string>

#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/headers.hpp>

namespace wirespan {

struct Agreement {
  std::string subprotocol{};  ///< As the server spells it; empty if none was chosen.
  /// permessage-deflate as it was answered; nothing if messages are not compressed.
  std::optional<DeflateParameters> deflate{};
  /// On a client: all fields of the response. On a server: further fields for the response.
  Headers headers{};
};

}  // namespace wirespan
