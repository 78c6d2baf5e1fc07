// traffic.hpp - the bytes to send and the expected echo, made once before a run.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"
#include "stream.hpp"
#include <wirespan/core/bytes.hpp>

namespace wirespan::bench {

/// An upgrade request with a constant Sec-WebSocket-Key, which the load generator does not check.
inline constexpr std::string_view upgrade_request =
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// The bytes of one run. All messages are equal.
struct Traffic {
  std::vector<std::byte> batch;  ///< `depth` masked frames, sent with one call.
  std::vector<std::byte> reply;  ///< One frame of the server; a raw server's is the frame sent.
  std::size_t request_size = 0;  ///< Bytes of one frame of the batch.
  std::size_t depth = 1;

  /// True if `received` equals the echo `position` bytes after the start of the first reply.
  [[nodiscard]] bool is_expected(Bytes received, std::size_t position) const noexcept;
};

[[nodiscard]] Traffic make_traffic(const LoadOptions& options);

/// The opening handshake on a blocking stream, in two halves. The server sends nothing after its
/// response until a message comes.
void request_upgrade(Stream& stream);
/// Returns the head of the response.
std::string await_upgrade(Stream& stream);

/// Opens a connection and upgrades it unless the server is a raw one.
[[nodiscard]] Stream open_stream(const LoadOptions& options, SSL_CTX* tls);

}  // namespace wirespan::bench
