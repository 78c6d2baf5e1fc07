// wsbench_options.hpp - the command line of wsbench.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <variant>

#include <wirespan/app/websocket_app.hpp>

namespace wsbench {

/// The exit statuses; app/guide/wsbench.md says when each is used.
namespace status {
inline constexpr int good = 0;
inline constexpr int flawed = 1;
inline constexpr int usage = 2;
inline constexpr int unreachable = 3;
inline constexpr int output = 6;
inline constexpr int interrupted = 130;
}  // namespace status

enum class Mode { echo, listen, connect };

/// The command line as parsed.
struct Options {
  std::string url{};
  Mode mode = Mode::echo;
  std::size_t connections = 1;
  double ramp = 0;  ///< Connections begun a second; 0: all at once.
  std::size_t threads = 1;
  std::size_t depth = 1;
  double rate = 0;  ///< Messages a second of all connections; 0: closed loop.
  std::size_t size = 32;
  bool binary = false;
  std::chrono::nanoseconds time{};
  std::chrono::nanoseconds warm_up{};
  bool json = false;
  std::string html{};  ///< File of the report; empty: none.
  bool quiet = false;
  wirespan::AppOptions app{};
  wirespan::RunOptions run{};

  [[nodiscard]] bool open_loop() const noexcept { return rate > 0 && mode == Mode::echo; }
};

/// The mode as the command line has it.
[[nodiscard]] const char* name_of(Mode mode) noexcept;

/// Parses a command line. An exit status if there is nothing to run: the help or an error was
/// printed.
[[nodiscard]] std::variant<Options, int> parse_options(int argc, char** argv);

}  // namespace wsbench
