// refusal.hpp - a response other than 101, and as much of its body as is worth waiting for.
// Private.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/chunked_body.hpp>
#include <wirespan/core/client_handshake.hpp>

namespace wirespan {

/// A response other than 101 while its body arrives. The body ends where its Content-Length or its
/// chunks say so, after limits::rejection_body_size bytes, or when the server closes. RFC 9112 §6.
/// The owner bounds the wait: it tells of the refusal when no byte came for
/// limits::rejection_grace.
class Refusal {
 public:
  explicit Refusal(HandshakeRejected response);

  /// Takes bytes of the body. True if no more are waited for.
  [[nodiscard]] bool take(Bytes input);
  /// The response, and the body as far as it has come, without its chunked coding.
  [[nodiscard]] HandshakeRejected& response() noexcept { return response_; }
  [[nodiscard]] std::string& body() noexcept { return body_; }

 private:
  HandshakeRejected response_;
  std::optional<std::size_t> length_;
  std::optional<ChunkedBody> chunks_;
  std::string body_;
};

}  // namespace wirespan
