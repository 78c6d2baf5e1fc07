// blocking_dial.hpp - connects and waits for it. Private.
#pragma once

#include <string>

#include <wirespan/app/client/dialer.hpp>
#include <wirespan/app/options.hpp>

namespace wirespan {

/// Takes ConnectOptions::socket, which is closed whatever goes wrong. Throws what
/// WebSocket::connect() is documented to throw.
[[nodiscard]] Dialed dial_and_wait(const std::string& url, ConnectOptions& options);

}  // namespace wirespan
