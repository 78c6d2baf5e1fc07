// wsdump_input.hpp - the sources of messages to send: lines of standard input, or a recording.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "wsdump_event.hpp"
#include "wsdump_options.hpp"
#include <wirespan/core/time.hpp>

namespace wsdump {

/// A line of input, or of a recording, that cannot be sent.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A source of messages. Used by one thread.
class Input {
 public:
  virtual ~Input() = default;
  /// Returns the next message that is due at `now`, or nothing. Throws InputError for one that
  /// cannot be sent; the call after that goes on behind it.
  [[nodiscard]] virtual std::optional<Step> next(wirespan::TimePoint now) = 0;
  /// True if nothing follows.
  [[nodiscard]] virtual bool at_end() const = 0;
  /// The descriptor to wait for before read() is called; -1: none.
  [[nodiscard]] virtual int fd() const { return -1; }
  /// Reads what the descriptor has, once. Throws std::system_error.
  virtual void read() {}
  /// The time at which next() returns something; nothing if that depends on fd().
  [[nodiscard]] virtual std::optional<wirespan::TimePoint> due() const { return std::nullopt; }
};

/// Standard input: each line is a message, without its line end; the last line may have none.
class LineInput final : public Input {
 public:
  explicit LineInput(LineForm form) : form_(form) {}
  [[nodiscard]] std::optional<Step> next(wirespan::TimePoint now) override;
  [[nodiscard]] bool at_end() const override { return ended_ && begin_ == buffer_.size(); }
  [[nodiscard]] int fd() const override;
  void read() override;

 private:
  [[nodiscard]] std::optional<std::string> next_line();

  LineForm form_;
  std::string buffer_;
  std::size_t begin_ = 0;    // of the next line in buffer_
  std::size_t scanned_ = 0;  // no line end between begin_ and here
  std::size_t line_ = 0;     // number of the latest line
  bool ended_ = false;
};

/// A recording, `speed` times as fast; 0: at once. Its time begins with the first call of next().
/// It ends with its Close frame.
class ReplayInput final : public Input {
 public:
  ReplayInput(std::vector<TimedStep> steps, double speed)
      : steps_(std::move(steps)), speed_(speed) {}
  [[nodiscard]] std::optional<Step> next(wirespan::TimePoint now) override;
  [[nodiscard]] bool at_end() const override { return at_ == steps_.size(); }
  [[nodiscard]] std::optional<wirespan::TimePoint> due() const override;

 private:
  std::vector<TimedStep> steps_;
  double speed_;
  std::size_t at_ = 0;
  std::optional<wirespan::TimePoint> started_;
};

/// Returns the source that the options ask for. The Close frame of a recording becomes that of the
/// options, unless they have one. Throws InputError for a bad recording.
[[nodiscard]] std::unique_ptr<Input> make_input(Options& options);

}  // namespace wsdump
