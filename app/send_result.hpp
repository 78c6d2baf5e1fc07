// send_result.hpp - the outcome of sending without waiting, and the answers to a slow peer.
#pragma once

#include <cstdint>
#include <system_error>

#include <wirespan/core/error.hpp>
#include <wirespan/net/overflow.hpp>

namespace wirespan {

/// The fate of a message above `send_hard_limit`, of server and client.
using Overflow = net::Overflow;

/// The outcome of a send: accepted or not, and if accepted, how far the message has come. There is
/// no conversion to bool, which half of the readers would take the wrong way round.
class SendResult {
 public:
  /// How far a message has come.
  enum class Outcome : std::uint8_t {
    sent,     ///< In the output of this turn, with no backlog before it.
    queued,   ///< Behind a backlog, or on its way from another thread to the loop.
    refused,  ///< Nothing was kept; error() says why.
  };

  /// The three implicit conversions serve the library's `return` statements.
  SendResult(Outcome outcome) noexcept : outcome_(outcome) {}  // NOLINT: reads like the enum
  SendResult(std::error_code error) noexcept                   // NOLINT: no error means sent
      : error_(error), outcome_(error ? Outcome::refused : Outcome::sent) {}

  /// The same, for an error of ours.
  SendResult(Errc error) noexcept : SendResult(std::error_code(error)) {}  // NOLINT

  /// outcome(), and the error of a refused message; no error for an accepted one.
  [[nodiscard]] Outcome outcome() const noexcept { return outcome_; }
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  /// True for sent and queued: the message will be delivered, or it is part of the loss that a
  /// server reports by buffered_amount() inside on_close, and an app in RunResult::unsent_bytes.
  [[nodiscard]] bool accepted() const noexcept { return outcome_ != Outcome::refused; }
  /// True for refused.
  [[nodiscard]] bool failed() const noexcept { return outcome_ == Outcome::refused; }
  /// Compares error(), so that `result == Errc::send_queue_full` works.
  friend bool operator==(const SendResult& result, const std::error_code& error) noexcept {
    return result.error_ == error;
  }

 private:
  std::error_code error_;
  Outcome outcome_;
};

}  // namespace wirespan
