// traffic.hpp - the bytes that are sent and those that must come back, made once before a run.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "options.hpp"
#include "stream.hpp"
#include <wirespan/core/bytes.hpp>

namespace wirespan::bench {

/// Request for an upgrade, with a constant key: nobody is protected from anything here.
inline constexpr std::string_view upgrade_request =
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

struct Traffic {
  std::vector<std::byte> batch;  ///< `depth` masked frames, sent with one call.
  std::vector<std::byte> reply;  ///< One frame of the server; raw: the same as was sent.
  std::size_t request_size = 0;  ///< Of one frame of the batch.
  std::size_t depth = 1;

  /// Whether these bytes are what comes `position` bytes after the first reply.
  [[nodiscard]] bool is_expected(Bytes received, std::size_t position) const noexcept;
};

[[nodiscard]] Traffic make_traffic(const LoadOptions& options);

/// The opening handshake, on a stream that blocks. A server says nothing behind its response.
void request_upgrade(Stream& stream);
void await_upgrade(Stream& stream);

/// Opens a connection and upgrades it unless the server is a raw one.
[[nodiscard]] Stream open_stream(const LoadOptions& options, SSL_CTX* tls);

}  // namespace wirespan::bench
