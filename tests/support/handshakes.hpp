// handshakes.hpp - opening handshakes for tests: valid heads to be made wrong, and the verdicts of
// the code under test on them in every chopping. RFC 6455 §4.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/every_cut.hpp"
#include "support/hex.hpp"
#include <wirespan/core/client_handshake.hpp>
#include <wirespan/core/server_handshake.hpp>

namespace wirespan::test {

/// The key and the accept value of the example in RFC 6455 §1.3.
inline constexpr std::string_view sample_key = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr std::string_view sample_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
[[nodiscard]] HandshakeKey sample_handshake_key();

/// A request and a response that every check accepts.
[[nodiscard]] std::string valid_request();
[[nodiscard]] std::string valid_response();

/// Replaces the line that starts with `start`; an empty `line` removes it. Throws if the head has
/// no such line, so that a typing error does not pass silently.
[[nodiscard]] std::string with_line(std::string head, std::string_view start,
                                    std::string_view line);
/// Adds lines (each without its CRLF) at the end of the head.
[[nodiscard]] std::string adding(std::string head, std::initializer_list<std::string> lines);

[[nodiscard]] ClientRequest simple_client_request();

/// The outcome of a handshake over some bytes, per role.
struct ServerVerdict {
  std::error_code error;
  bool complete = false;
  ClientOffer offer;
  std::size_t consumed = 0;  ///< Of all bytes, not of the last piece.
};
struct ClientVerdict {
  std::error_code error;
  bool complete = false;
  bool rejected = false;
  Agreement agreement;
  HandshakeRejected rejection;
  std::size_t consumed = 0;
};

/// Feeds the pieces, each in a heap block of exactly its size, until the handshake completes or
/// fails.
[[nodiscard]] ServerVerdict server_verdict(const Chopping& chopping, const HeadLimits& limits = {});
[[nodiscard]] ClientVerdict client_verdict(const Chopping& chopping, const ClientRequest& request);
[[nodiscard]] ServerVerdict server_verdict(std::string_view request);
[[nodiscard]] ClientVerdict client_verdict(std::string_view response,
                                           const ClientRequest& request = simple_client_request());

/// A request and its expected outcome: no error, or an error and the status that answers it.
struct RequestCase {
  std::string name;
  std::string text;
  std::error_code error{};
  int status = 400;
};
void expect_in_every_chopping(const RequestCase& row);
void PrintTo(const RequestCase& row, std::ostream* out);

/// A response and its expected outcome.
struct ResponseCase {
  std::string name;
  std::string text;
  std::error_code error{};
  ClientRequest request = simple_client_request();
};
void expect_in_every_chopping(const ResponseCase& row);
void PrintTo(const ResponseCase& row, std::ostream* out);

}  // namespace wirespan::test
