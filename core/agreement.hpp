// agreement.hpp - the result of the opening handshake, on either side. RFC 6455 §4.
#pragma once

#include <optional>
#include <string>

#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/headers.hpp>

namespace wirespan {

/// Result of the opening handshake: a client reads it from the 101, a server builds its 101 from
/// it.
struct Agreement {
  std::string subprotocol{};  ///< As the server spells it; empty: none was chosen.
  /// Parameters of permessage-deflate as the server answered them; unset: no compression.
  std::optional<DeflateParameters> deflate{};
  /// On a client: all header fields of the response. On a server: additional ones for it.
  Headers headers{};
};

}  // namespace wirespan
