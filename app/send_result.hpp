// send_result.hpp - what a server's handle says about a message that it was given.
#pragma once

#include <cstdint>
#include <system_error>

#include <wirespan/core/error.hpp>

namespace wirespan {

/// The outcome of a send: accepted or not, and if accepted, how far it is. There is no
/// conversion to bool, which would read the wrong way round for half of the readers.
class SendResult {
 public:
  enum class Outcome : std::uint8_t {
    sent,     ///< In the output of this turn, with nothing before it that the kernel refused.
    queued,   ///< Behind others that wait, or on its way to the loop. on_close tells what was lost.
    refused,  ///< Nothing was kept; error() says why.
  };

  SendResult(Outcome outcome) noexcept : outcome_(outcome) {}  // NOLINT: reads like the enum
  SendResult(std::error_code error) noexcept                   // NOLINT: no error means sent
      : error_(error), outcome_(error ? Outcome::refused : Outcome::sent) {}

  SendResult(Errc error) noexcept : SendResult(std::error_code(error)) {}  // NOLINT

  [[nodiscard]] Outcome outcome() const noexcept { return outcome_; }
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  /// Sent or queued: it will be delivered, or on_close tells it as lost.
  [[nodiscard]] bool accepted() const noexcept { return outcome_ != Outcome::refused; }
  [[nodiscard]] bool failed() const noexcept { return outcome_ == Outcome::refused; }
  friend bool operator==(const SendResult& result, const std::error_code& error) noexcept {
    return result.error_ == error;
  }

 private:
  std::error_code error_;
  Outcome outcome_;
};

}  // namespace wirespan
