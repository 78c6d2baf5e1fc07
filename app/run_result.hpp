// run_result.hpp - how WebSocketApp::run_forever() ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

#include <wirespan/core/close_code.hpp>

namespace wirespan {

/// Why a run has ended.
enum class EndReason : std::uint8_t {
  closed_by_peer,  ///< The peer started the closing handshake, and the run did not come back.
  stopped,         ///< close(), keep_running(false) or a stop token ended the run.
  failed,          ///< No connection came about, it was lost, or a rule was broken.
};

/// Code and reason of the peer's Close frame.
struct CloseInfo {
  /// As on_close gets it: 1005 without a code, 1006 without a Close frame, std::nullopt without a
  /// connection.
  std::optional<CloseCode> code{};
  std::string reason{};  ///< As the peer has sent it; empty if it gave none.
};

/// The result of run_forever(). `close` is of the latest connection, `error` of the latest failure
/// since it opened.
struct RunResult {
  EndReason why = EndReason::stopped;  ///< The kind of the end.
  CloseInfo close{};                   ///< The peer's Close frame.
  /// The failure that ended the run, if it failed. After `stopped` an error of the closing
  /// handshake, such as Errc::close_timeout if the peer did not answer.
  std::error_code error{};
  /// The text of that failure: what() of the exception that on_error got. Empty if it got none.
  std::string error_text{};
  /// Bytes that send() accepted and that never reached the kernel, of all connections of the run:
  /// lost with a connection, or still kept for the next one (AppOptions::while_down). Messages that
  /// a connection has taken count with their frames, and so do pings and a Close frame behind them.
  std::size_t unsent_bytes = 0;

  /// True if the run ended in an error: the value that run_forever() returns in Python.
  [[nodiscard]] bool failed() const noexcept { return why == EndReason::failed; }
  /// One line for a log or a user: `closed by the server: 4001 "bye"`, `closed by the server
  /// without a code`, `stopped`, `failed: connecting to "wss://example.org/" at 192.0.2.7:443:
  /// Connection refused`. The peer's reason is shown as in_quotes() shows it.
  [[nodiscard]] std::string text() const;
};

}  // namespace wirespan
