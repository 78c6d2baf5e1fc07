// send_result.hpp - what a server's handle says about a message that it was given.
#pragma once

#include <cstdint>
#include <system_error>

#include <wirespan/core/error.hpp>

namespace wirespan {

/// What became of a message: accepted or not, and if accepted, how far it is.
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
  /// True if it was refused, as with std::error_code.
  explicit operator bool() const noexcept { return outcome_ == Outcome::refused; }
  operator std::error_code() const noexcept { return error_; }  // NOLINT: where only that counts
  friend bool operator==(const SendResult& result, const std::error_code& error) noexcept {
    return result.error_ == error;
  }

 private:
  std::error_code error_;
  Outcome outcome_;
};

}  // namespace wirespan
