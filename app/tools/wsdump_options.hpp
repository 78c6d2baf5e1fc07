// wsdump_options.hpp - the command line of wsdump, with the meaning of Python's.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include <wirespan/app/websocket_app.hpp>

namespace wsdump {

/// How each line of standard input is sent: as a text, as a binary message of its bytes, or as a
/// binary message that the line has in hexadecimal.
enum class LineForm { text, binary, hex };

/// The exit statuses. The guide (app/guide/wsdump.md) says when each is used.
namespace status {
inline constexpr int normal = 0;
inline constexpr int lost = 1;
inline constexpr int usage = 2;
inline constexpr int unreachable = 3;
inline constexpr int refused = 4;
inline constexpr int tls = 5;
inline constexpr int output = 6;
inline constexpr int interrupted = 130;
}  // namespace status

/// The command line as parsed. An empty text of `record` and `replay` means: not given.
struct Options {
  std::string url{};
  std::optional<std::string> text{};  ///< Sent first.
  LineForm lines = LineForm::text;
  int verbose = 0;
  bool raw = false;
  bool timings = false;
  bool json = false;
  bool wait_reply = false;
  std::optional<std::chrono::milliseconds> eof_wait{};
  std::size_t max_messages = 0;  ///< 0: no limit.
  std::string record{};
  std::string replay{};
  double replay_speed = 1;  ///< 0: without waiting.
  std::optional<wirespan::CloseCode> close_code{};
  std::string close_reason{};
  wirespan::AppOptions app{};
  wirespan::RunOptions run{};
};

/// Parses a command line. An exit status if there is nothing to run: the help or an error was
/// printed.
[[nodiscard]] std::variant<Options, int> parse_options(int argc, char** argv);

}  // namespace wsdump
