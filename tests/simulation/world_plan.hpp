// world_plan.hpp - what happens in one simulated world: made from a seed, printed, made smaller.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <wirespan/net/simulated_network.hpp>

namespace wirespan::test {

/// Kinds of clients: ours, and sick peers of the server.
enum class ClientKind : std::uint8_t {
  app,           ///< WebSocketApp::run_forever() on a thread of its own.
  app_on_loop,   ///< WebSocketApp::start() on the loop that all such apps share.
  blocking,      ///< create_connection(), send, recv, close.
  says_nothing,  ///< Connects and sends no byte.
  never_reads,   ///< Asks for more than it reads.
  breaks_rules,  ///< Sends bytes that are no frame.
};

/// One client of a world.
struct ClientPlan {
  ClientKind kind = ClientKind::app;
  int messages = 1;                    ///< To send; each comes back.
  std::size_t largest = 100;           ///< Bytes of a message, at most.
  std::chrono::milliseconds pause{0};  ///< Between two messages; 0: all at once.
  bool from_other_thread = false;      ///< A thread beside the run sends them.
  bool compresses = false;
  bool reconnects = false;
  bool subscribes = false;
  std::chrono::milliseconds ping_interval{0};
  std::chrono::milliseconds name_delay{5};
  std::vector<net::SimulatedPath> paths;  ///< Of its attempts; the last one stays.

  [[nodiscard]] bool is_ours() const noexcept { return kind <= ClientKind::blocking; }
  /// True if nothing on its way may hurt it.
  [[nodiscard]] bool is_healthy() const noexcept;
};

/// One world.
struct WorldPlan {
  std::uint64_t seed = 0;
  bool tls = false;
  int closes_after = 0;  ///< Messages after which the server closes a connection; 0: never.
  int published = 0;     ///< Messages to all subscribers, from another thread.
  std::chrono::milliseconds server_ping{0};
  std::vector<ClientPlan> clients;
};

/// Makes the world of a seed.
[[nodiscard]] WorldPlan make_plan(std::uint64_t seed);
/// Returns the plan as lines for a report.
[[nodiscard]] std::string describe(const WorldPlan& plan);
/// Returns plans that differ from `plan` by one thing less.
[[nodiscard]] std::vector<WorldPlan> smaller(const WorldPlan& plan);

}  // namespace wirespan::test
