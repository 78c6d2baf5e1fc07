// blocking_dial.hpp - connects to a URL and blocks until the connection is open. Private.
#pragma once

#include <string>

#include <wirespan/app/client/dialer.hpp>
#include <wirespan/app/options.hpp>

namespace wirespan {

/// Takes ownership of ConnectOptions::socket and resets it to -1; the socket is closed if anything
/// fails. Throws as WebSocket::connect().
[[nodiscard]] Dialed dial_and_wait(const std::string& url, ConnectOptions& options,
                                   net::Network& network);

}  // namespace wirespan
