// scenarios.hpp - the things that the load generator can do. Each prints one line of JSON.
#pragma once

#include "options.hpp"

namespace wirespan::bench {

/// Messages back and forth: throughput, round trips, CPU of the server per message.
void run_echo(const LoadOptions& options);
/// One message to all connections at once: CPU of the server per delivery.
void run_fan_out(const LoadOptions& options);
/// Connections that do nothing: memory of the server per connection.
void run_idle(const LoadOptions& options);
/// Connect, upgrade, drop: CPU of the server per handshake.
void run_handshakes(const LoadOptions& options);

}  // namespace wirespan::bench
