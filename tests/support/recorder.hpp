// recorder.hpp - records the handler calls of a WebSocketApp as text, and runs one on a thread.
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

/// Thread-safe list of handler calls, in order, as text.
class Recorder {
 public:
  /// Returns handlers for all but on_cont_message and on_data.
  [[nodiscard]] AppHandlers handlers();
  /// Returns handlers for all, on_cont_message and on_data included.
  [[nodiscard]] AppHandlers all_handlers();

  void note(std::string call);
  void clear();
  [[nodiscard]] Calls calls() const;
  /// Returns the calls that begin with `start`.
  [[nodiscard]] Calls calls(std::string_view start) const;
  [[nodiscard]] std::string last() const;
  /// Waits until at least `times` noted calls begin with `start`; fails the test otherwise.
  void wait_for(std::string_view start, std::size_t times = 1) const;

 private:
  mutable std::mutex mutex_;
  Calls calls_;
};

// Texts that handlers() notes.
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

/// Runs run_forever() on another thread.
class BackgroundRun {
 public:
  explicit BackgroundRun(WebSocketApp& app, RunOptions options = {}, std::stop_token stop = {});
  /// Closes the app and waits, if wait() was not called.
  ~BackgroundRun();
  /// Waits for the end of the run. Aborts the process if it does not end in time: the thread cannot
  /// be saved then.
  [[nodiscard]] RunResult wait(Milliseconds patience = 20s);
  [[nodiscard]] bool is_over(Milliseconds within = 0ms) const;

 private:
  WebSocketApp& app_;
  std::future<RunResult> result_;
};

}  // namespace wirespan::test
