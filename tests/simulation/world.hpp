// world.hpp - runs one simulated world and checks what must hold in every world.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/world_plan.hpp"

namespace wirespan::test {

/// The findings of a world.
struct WorldReport {
  std::vector<std::string> broken;  ///< The properties that did not hold; empty: all did.
  std::uint64_t fingerprint = 0;    ///< Equal for two runs of one plan, without TLS.
  std::uint64_t steps = 0;
  double simulated_seconds = 0;
  int messages = 0;  ///< That came back to a client.
};

/// Runs the world to its end. Properties:
/// - a message arrives at most once, in order and unchanged, and so does its echo;
/// - a healthy client gets all that it is due, and no error;
/// - what an app was told is accepted has reached the kernel or is counted as unsent, to the byte;
/// - callbacks come in legal order, and each run ends;
/// - time-outs come when they are due;
/// - nothing is left: descriptors, threads, waiting without an end, steps without time.
[[nodiscard]] WorldReport run_world(const WorldPlan& plan);

}  // namespace wirespan::test
