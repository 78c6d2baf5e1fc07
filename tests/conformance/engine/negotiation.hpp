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
  std::optional<DeflateTerms> terms;  ///< nullopt: no compression.
  std::string answer;                 ///< The field to send when the suite is the server.
};

/// Parses the server's Sec-WebSocket-Extensions. A string is returned for a defect, and describes
/// it.
[[nodiscard]] std::variant<Agreement, std::string> read_answer(const std::string& field,
                                                               bool offered);

/// Returns the first answer of the plan's preferences that fits one of the client's offers.
[[nodiscard]] Agreement choose(const std::string& offers, const DeflatePlan& plan);

}  // namespace conformance
