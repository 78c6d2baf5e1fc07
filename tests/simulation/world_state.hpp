// world_state.hpp - what the actors of a world share.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/world.hpp"
#include <wirespan/net/simulated_network.hpp>

namespace wirespan::test {

/// A world while it runs. Single-threaded, as all of it is.
class WorldState {
 public:
  explicit WorldState(const WorldPlan& world) : plan(world), network(world.seed) {}

  /// Notes that a property does not hold.
  void broken(std::size_t client, const std::string& what) {
    report.broken.push_back("client " + std::to_string(client) + ": " + what);
  }
  void check(bool holds, std::size_t client, const std::string& what) {
    if (!holds) broken(client, what);
  }
  /// Adds to the fingerprint.
  void note(std::uint64_t fact) {
    report.fingerprint = (report.fingerprint ^ fact) * 0x100000001B3U;
    report.fingerprint ^= static_cast<std::uint64_t>(network.now().time_since_epoch().count());
  }

  const WorldPlan& plan;
  WorldReport report;
  net::SimulatedNetwork network;
  std::uint16_t port = 0;
  std::size_t clients_left = 0;
  std::vector<int> last_at_server;  ///< Of each client: number of the latest message; -1: none.
  std::vector<int> received_by_server;
};

/// Number `n` of client `client`: "client:n:" and a filler that follows from both.
[[nodiscard]] std::string make_message(std::size_t client, int n, std::size_t largest);
/// Parses and checks such a message; returns its number and client, or -1 if it was changed.
struct NumberedMessage {
  int client = -1;
  int number = -1;
};
[[nodiscard]] NumberedMessage read_message(std::string_view text);

/// Starts the server of the world, and what stops it once all clients are done.
[[nodiscard]] std::shared_ptr<void> start_server(WorldState& world);
/// Starts client number `i` as the plan has it.
[[nodiscard]] std::shared_ptr<void> start_client(WorldState& world, std::size_t i);
[[nodiscard]] std::shared_ptr<void> start_app(WorldState& world, std::size_t i);
void start_blocking(WorldState& world, std::size_t i);
void start_sick(WorldState& world, std::size_t i);

/// The URL of the server for that client: each has a name and an address of its own.
[[nodiscard]] std::string url_for(const WorldState& world, std::size_t i);

}  // namespace wirespan::test
