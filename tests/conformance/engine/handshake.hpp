// handshake.hpp - the suite's end of the opening handshake, strict in what it accepts. RFC 6455 §4.
#pragma once

#include <optional>

#include "engine/negotiation.hpp"
#include "engine/result.hpp"
#include "wire/link.hpp"

namespace conformance {

/// The requests and answers that a case may change.
[[nodiscard]] Octets ordinary_request(const HandshakeFacts& facts);
[[nodiscard]] Octets ordinary_response(const HandshakeFacts& facts);

struct HandshakeOutcome {
  bool open = false;
  Octets early;  ///< Octets received behind the head.
  std::optional<DeflateTerms> deflate;
};

/// Sends the request and reads the server's answer into `facts`.
[[nodiscard]] HandshakeOutcome open_as_client(Link& link, const Plan& plan, HandshakeFacts known,
                                              double time_scale, Facts& facts);

struct ClientRequest {
  HttpHead head;
  Octets raw;
  Octets early;
};
/// Reads a request; nullopt if none comes within the limit.
[[nodiscard]] std::optional<ClientRequest> read_request(Link& link, double time_scale);
/// Returns the defect of a client's request by RFC 6455 §4.1; nullopt if it has none.
[[nodiscard]] std::optional<std::string> request_defect(const HttpHead& head);

/// Answers the client as the case prescribes.
[[nodiscard]] HandshakeOutcome open_as_server(Link& link, const Plan& plan,
                                              const ClientRequest& request, double time_scale,
                                              Facts& facts);

/// Writes all octets, in pieces of `chop` octets unless that is 0. False if the peer is gone or the
/// deadline has passed.
bool write_all(Link& link, std::string_view octets, std::size_t chop, Clock::time_point deadline);

[[nodiscard]] Clock::time_point deadline_in(milliseconds time, double scale);

}  // namespace conformance
