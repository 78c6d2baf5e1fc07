// negotiation.hpp - permessage-deflate in the handshake, for both roles. RFC 7692 §7.1.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "engine/plan.hpp"
#include "wire/deflate.hpp"
#include "wire/http.hpp"

namespace conformance {

struct Agreement {
  std::optional<DeflateTerms> terms;  ///< Nothing: no compression.
  std::string answer;                 ///< The field to send when the suite is the server.
};

/// What the server's Sec-WebSocket-Extensions means. A string tells what is wrong with it.
[[nodiscard]] std::variant<Agreement, std::string> read_answer(const std::string& field,
                                                               bool offered);

/// The first of our preferences that goes with any of the client's offers.
[[nodiscard]] Agreement choose(const std::string& offers, const DeflatePlan& plan);

}  // namespace conformance
