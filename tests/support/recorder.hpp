// recorder.hpp - what a WebSocketApp calls, in order, as text; and a run on a thread of its own.
#pragma once

#include <future>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "support/raw_server.hpp"
#include <wirespan/app/websocket_app.hpp>

namespace wirespan::test {

using Calls = std::vector<std::string>;

/// May be used by any thread.
class Recorder {
 public:
  /// All but on_cont_message and on_data.
  [[nodiscard]] AppHandlers handlers();
  /// on_cont_message and on_data, too.
  [[nodiscard]] AppHandlers all_handlers();

  void note(std::string call);
  [[nodiscard]] Calls calls() const;
  /// Those that begin with `start`.
  [[nodiscard]] Calls calls(std::string_view start) const;
  [[nodiscard]] std::string last() const;
  /// Waits until a call with this text, or one that begins with it, was noted; fails the test
  /// otherwise.
  void wait_for(std::string_view start, std::size_t times = 1) const;

 private:
  mutable std::mutex mutex_;
  Calls calls_;
};

// What handlers() notes.
namespace called {
inline const std::string open = "open";
inline const std::string reconnect = "reconnect";
[[nodiscard]] std::string message(std::string_view text);
[[nodiscard]] std::string binary(std::string_view bytes);
/// "error WebSocketTimeoutException: ping/pong timed out"
[[nodiscard]] std::string error(const std::string& type, std::error_code code);
[[nodiscard]] std::string error(const std::exception& thrown);
[[nodiscard]] std::string close(unsigned code, std::string_view reason = {});
inline const std::string close_without_connection = "close none";
[[nodiscard]] std::string lost();  ///< The error of a connection that ended without a Close frame.
}  // namespace called

/// "failed", "stopped", "closed_by_peer"
[[nodiscard]] std::string reason_name(EndReason why);

/// run_forever() on another thread.
class BackgroundRun {
 public:
  explicit BackgroundRun(WebSocketApp& app, RunOptions options = {}, std::stop_token stop = {});
  /// Closes the app if nobody has waited.
  ~BackgroundRun();
  /// Ends the process if the run does not end in time: nothing can be saved then.
  [[nodiscard]] RunResult wait(Milliseconds patience = 20s);
  [[nodiscard]] bool is_over(Milliseconds within = 0ms) const;

 private:
  WebSocketApp& app_;
  std::future<RunResult> result_;
};

}  // namespace wirespan::test
