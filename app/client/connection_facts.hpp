// connection_facts.hpp - the answers to the questions of a blocking client's user. Private.
#pragma once

#include <chrono>
#include <optional>

#include <wirespan/net/stream.hpp>

namespace wirespan {

/// The state that WebSocket's questions are answered from, read under one lock. The values are
/// those of websocket.hpp; without a connection they keep these defaults, but for `is_ssl`,
/// `status` and `timeout`.
struct ConnectionFacts {
  bool connected = false;
  bool pending = false;
  bool is_ssl = false;
  int fileno = -1;
  int status = 0;
  std::optional<std::chrono::milliseconds> timeout{};
  std::optional<net::ReceiveTime> received_at{};
};

}  // namespace wirespan
