// run_result.hpp - how WebSocketApp::run_forever() ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

#include <wirespan/core/close_code.hpp>

namespace wirespan {

enum class EndReason : std::uint8_t {
  closed_by_peer,  ///< The peer started the closing handshake.
  stopped,         ///< close(), keep_running(false) or a stop token.
  failed,          ///< No connection came about, it was lost, or a rule was broken.
};

struct CloseInfo {
  /// As on_close gets it.
  std::optional<CloseCode> code{};
  std::string reason{};
};

struct RunResult {
  EndReason why = EndReason::stopped;
  CloseInfo close{};
  /// What failed; after `stopped` it may say close_timeout, if the peer did not answer.
  std::error_code error{};
  /// Bytes of frames that send() accepted and that did not reach the kernel.
  std::size_t unsent_bytes = 0;

  /// The run ended in an error: what run_forever() returns in Python.
  [[nodiscard]] bool failed() const noexcept { return why == EndReason::failed; }
};

}  // namespace wirespan
