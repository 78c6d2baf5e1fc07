// handshake.hpp - the opening handshake of the suite, strict in what it accepts. RFC 6455 §4.
#pragma once

#include <optional>

#include "engine/negotiation.hpp"
#include "engine/result.hpp"
#include "wire/link.hpp"

namespace conformance {

/// The requests and answers that a case may take and change.
[[nodiscard]] Octets ordinary_request(const HandshakeFacts& facts);
[[nodiscard]] Octets ordinary_response(const HandshakeFacts& facts);

struct HandshakeOutcome {
  bool open = false;
  Octets early;  ///< What came behind the head.
  std::optional<DeflateTerms> deflate;
};

/// Asks the server and reads its answer into `facts`.
[[nodiscard]] HandshakeOutcome open_as_client(Link& link, const Plan& plan, HandshakeFacts known,
                                              double time_scale, Facts& facts);

struct ClientRequest {
  HttpHead head;
  Octets raw;
  Octets early;
};
/// Nothing if none came within the limit.
[[nodiscard]] std::optional<ClientRequest> read_request(Link& link, double time_scale);
/// What is wrong with a client's request, RFC 6455 §4.1.
[[nodiscard]] std::optional<std::string> request_defect(const HttpHead& head);

/// Answers the client as the case wants it.
[[nodiscard]] HandshakeOutcome open_as_server(Link& link, const Plan& plan,
                                              const ClientRequest& request, double time_scale,
                                              Facts& facts);

/// Writes all of it, in pieces of `chop` octets if that is not 0. False if the peer is gone.
bool write_all(Link& link, std::string_view octets, std::size_t chop, Clock::time_point deadline);

[[nodiscard]] Clock::time_point deadline_in(milliseconds time, double scale);

}  // namespace conformance
