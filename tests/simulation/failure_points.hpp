// failure_points.hpp - one life of a server and its clients, to be repeated with one call failing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <wirespan/net/simulated_network.hpp>

namespace wirespan::test {

/// A scenario: a client connects, gets echoes of a short, a long and a fragmented message, a pong
/// and a published message, and the connection is closed. Then a second client, which nothing
/// hurts, does the same.
struct LifePlan {
  std::string name;
  bool is_app = false;  ///< WebSocketApp; else the blocking client.
  bool tls = false;
  bool proxy = false;  ///< Through a tunnel of an HTTP proxy.
  bool compresses = false;
  bool server_closes = false;
  std::size_t most_at_once = 0;  ///< Bytes of one read or write; 0: all.
};

/// The outcome of one life.
struct LifeReport {
  std::vector<std::string> broken;  ///< Rules that were broken.
  std::string first;                ///< How the first client has ended: "done" or an error.
  std::string second;               ///< The same of the second one.
  bool served = true;               ///< The server could listen and run.
};

/// The faults of one life, none of which hurts the test's own code.
struct LifeFaults {
  /// SimulatedNetwork::set_fault(), until the first client has ended.
  std::function<std::error_code(net::SimulatedCall)> of_calls = [](net::SimulatedCall) {
    return std::error_code();
  };
  /// Called when the first client has ended.
  std::function<void()> first_ended = [] {};
  /// True if allocations fail: those of the simulation do not.
  bool of_memory = false;
};

/// The scenarios.
[[nodiscard]] std::vector<LifePlan> life_plans();
/// Runs one.
[[nodiscard]] LifeReport live(const LifePlan& plan, const LifeFaults& faults = {});

}  // namespace wirespan::test
