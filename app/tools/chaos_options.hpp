// chaos_options.hpp - the command line of chaos_proxy.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include <wirespan/net/endpoint.hpp>

namespace chaos {

/// The direction of a stream through the proxy. up: from the client to the server.
enum class Direction : std::uint8_t { up, down, both };

/// The faults of one direction. A number of bytes counts those that were forwarded in it.
struct Faults {
  std::chrono::milliseconds delay{0};
  std::chrono::milliseconds jitter{0};  ///< The most that is added to `delay`, at random.
  std::size_t split = 0;                ///< Most bytes of one write; 0: no limit.
  std::uint64_t rate = 0;               ///< Bytes a second; 0: no limit.
  std::optional<std::uint64_t> cut_after{};
  std::optional<std::uint64_t> reset_after{};
  std::optional<std::uint64_t> black_hole_after{};
  std::optional<std::uint64_t> stall_after{};
  std::chrono::milliseconds stall{0};
};

/// The command line as parsed, its names resolved.
struct Options {
  wirespan::net::Endpoint listen{};
  std::vector<wirespan::net::Endpoint> to{};
  Faults faults{};
  Direction direction = Direction::both;
  double probability = 1;  ///< That a connection is hurt.
  std::uint64_t seed = 1;
  std::uint64_t sweep = 0;  ///< Added to the faults' numbers of bytes with each connection.
  std::size_t count = 0;    ///< Connections until the program ends; 0: no limit.
  bool verbose = false;

  /// The faults of connection `number`, counted from 1, if it is hurt; `one` is up or down.
  [[nodiscard]] Faults faults_of(std::size_t number, Direction one) const noexcept;
};

/// Parses a command line. An exit status if there is nothing to run: the help or an error was
/// printed. Throws std::system_error if the server's name cannot be resolved.
[[nodiscard]] std::variant<Options, int> parse_options(int argc, char** argv);

}  // namespace chaos
