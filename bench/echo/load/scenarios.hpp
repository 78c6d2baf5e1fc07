// scenarios.hpp - the scenarios of the load generator. Each prints one line of JSON.
#pragma once

#include "options.hpp"

namespace wirespan::bench {

/// Echoes: throughput, round trips, CPU of the server per message.
void run_echo(const LoadOptions& options);
/// Fan-out, each message to all connections: CPU of the server per delivery.
void run_fan_out(const LoadOptions& options);
/// Echoes of messages that are compressed, without context by default: CPU of the server and bytes
/// per message.
void run_compressed(const LoadOptions& options);
/// Idle connections: memory of the server per connection.
void run_idle(const LoadOptions& options);
/// Connect, upgrade, drop: CPU of the server per handshake.
void run_handshakes(const LoadOptions& options);

}  // namespace wirespan::bench
