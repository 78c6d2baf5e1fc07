// handshakes.cpp - feeds both handshakes in pieces and compares their outcome with the expected
// one.
#include "support/handshakes.hpp"

#include <algorithm>
#include <ostream>
#include <stdexcept>
#include <utility>
#include <variant>

#include <wirespan/core/error.hpp>

namespace wirespan::test {

HandshakeKey sample_handshake_key() {
  HandshakeKey key;
  std::copy(sample_key.begin(), sample_key.end(), key.begin());
  return key;
}

std::string valid_request() {
  return "GET /chat HTTP/1.1\r\n"
         "Host: server.example.com\r\n"
         "Upgrade: websocket\r\n"
         "Connection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
         "Sec-WebSocket-Version: 13\r\n"
         "\r\n";
}

std::string valid_response() {
  return "HTTP/1.1 101 Switching Protocols\r\n"
         "Upgrade: websocket\r\n"
         "Connection: Upgrade\r\n"
         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
         "\r\n";
}

std::string with_line(std::string head, std::string_view start, std::string_view line) {
  std::size_t at = 0;
  if (!head.starts_with(start)) {
    at = head.find("\r\n" + std::string(start));
    if (at == std::string::npos) throw std::invalid_argument("no line " + std::string(start));
    at += 2;
  }
  const std::size_t end = head.find("\r\n", at);
  if (line.empty()) return head.erase(at, end + 2 - at);
  return head.replace(at, end - at, line);
}

std::string adding(std::string head, std::initializer_list<std::string> lines) {
  head.resize(head.size() - 2);
  for (const std::string& line : lines) head += line + "\r\n";
  return head + "\r\n";
}

ClientRequest simple_client_request() { return {.host = "server.example.com", .target = "/chat"}; }

ServerVerdict server_verdict(const Chopping& chopping, const HeadLimits& limits) {
  ServerHandshake handshake(limits);
  ServerVerdict verdict;
  for (const Bytes piece : chopping.pieces) {
    const ExactCopy block(piece);
    auto step = handshake.feed(block.bytes());
    if (const auto* failed = std::get_if<Failed>(&step)) {
      verdict.error = failed->error;
      return verdict;
    }
    if (auto* received = std::get_if<RequestReceived>(&step)) {
      verdict.complete = true;
      verdict.offer = std::move(received->offer);
      verdict.consumed += received->consumed;
      return verdict;
    }
    verdict.consumed += piece.size();
  }
  return verdict;
}

ClientVerdict client_verdict(const Chopping& chopping, const ClientRequest& request) {
  ClientHandshake handshake(request, sample_handshake_key());
  ClientVerdict verdict;
  for (const Bytes piece : chopping.pieces) {
    const ExactCopy block(piece);
    auto step = handshake.feed(block.bytes());
    if (const auto* failed = std::get_if<Failed>(&step)) {
      verdict.error = failed->error;
      return verdict;
    }
    if (auto* done = std::get_if<HandshakeDone>(&step)) {
      verdict.complete = true;
      verdict.agreement = std::move(done->agreement);
      verdict.consumed += done->consumed;
      return verdict;
    }
    if (auto* rejected = std::get_if<HandshakeRejected>(&step)) {
      verdict.rejected = true;
      verdict.rejection = std::move(*rejected);
      verdict.consumed += verdict.rejection.consumed;
      return verdict;
    }
    verdict.consumed += piece.size();
  }
  return verdict;
}

ServerVerdict server_verdict(std::string_view request) {
  return server_verdict(Chopping{.name = "whole", .pieces = {wire_bytes(request)}});
}

ClientVerdict client_verdict(std::string_view response, const ClientRequest& request) {
  return client_verdict(Chopping{.name = "whole", .pieces = {wire_bytes(response)}}, request);
}

void expect_in_every_chopping(const RequestCase& row) {
  for_every_chopping(wire_bytes(row.text), [&](const Chopping& chopping) {
    SCOPED_TRACE(chopping.name);
    const ServerVerdict verdict = server_verdict(chopping);
    EXPECT_EQ(verdict.error, row.error) << verdict.error.message();
    EXPECT_EQ(verdict.complete, !row.error);
    if (!row.error || !verdict.error) return;
    const Rejection rejection = rejection_for(verdict.error);
    EXPECT_EQ(rejection.status, row.status);
    EXPECT_TRUE(build_rejection(rejection).starts_with("HTTP/1.1 " + std::to_string(row.status)));
  });
}

void expect_in_every_chopping(const ResponseCase& row) {
  for_every_chopping(wire_bytes(row.text), [&](const Chopping& chopping) {
    SCOPED_TRACE(chopping.name);
    const ClientVerdict verdict = client_verdict(chopping, row.request);
    EXPECT_EQ(verdict.error, row.error) << verdict.error.message();
    EXPECT_EQ(verdict.complete, !row.error);
    EXPECT_FALSE(verdict.rejected);
  });
}

void PrintTo(const RequestCase& row, std::ostream* out) { *out << row.name; }
void PrintTo(const ResponseCase& row, std::ostream* out) { *out << row.name; }

}  // namespace wirespan::test
