// wsdump_output.hpp - prints the events of a session to standard output, and records them.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>

#include "wsdump_event.hpp"
#include "wsdump_options.hpp"
#include <wirespan/core/time.hpp>
#include <wirespan/net/unique_fd.hpp>

namespace wsdump {

/// Standard output in the form that the options and the terminal ask for, and the file of --record.
/// Any thread may call it. A write that fails sets failed(); later events are dropped.
class Output {
 public:
  /// Throws std::system_error, which names the file, if the recording cannot be written. Times
  /// count from `start`. The object borrows the options.
  Output(const Options& options, wirespan::TimePoint start);

  /// True if a person talks to the server: both sides are terminals, and no option asks for exact
  /// output.
  [[nodiscard]] bool is_interactive() const noexcept { return interactive_; }
  /// True if standard output or the recording could not be written.
  [[nodiscard]] bool failed() const noexcept { return failed_; }

  void opened(std::string_view subprotocol, bool again);
  /// `flush`: nothing else is about to follow.
  void received(const Event& event, bool flush);
  /// Calls `send`, which may throw, and then logs the event: the answer cannot be logged before it.
  template <class Send>
  void sending(const Event& event, Send send) {
    const std::lock_guard lock(mutex_);
    send();
    log_event(event);
    flush();
  }
  void sent_close(wirespan::CloseCode code, std::string_view reason);
  /// The end of the session. `is_error`: the caller reports it by error(), too.
  void closed(wirespan::CloseCode code, std::string_view reason, bool is_error);
  /// Writes the prompt again after a line of input.
  void prompt();
  /// Writes a line to standard error.
  void error(std::string_view text);

 private:
  template <class Json>
  void log(Json json);
  void log_event(const Event& event);
  void print_line(std::string_view line, bool end_line);
  [[nodiscard]] std::string prefix(std::string_view type) const;
  [[nodiscard]] std::string body(const Event& event) const;
  [[nodiscard]] Seconds now() const;
  void flush();
  void write_all(int fd, std::string_view text, const std::string& name);

  const Options& options_;
  const wirespan::TimePoint start_;
  const bool terminal_;     // standard output is one
  const bool interactive_;  // so is standard input, and no option asks for exact output
  bool prompts_;            // a prompt is shown: until the close
  const bool escapes_;      // the terminal knows escape sequences
  const bool colours_;
  bool fragments_of_text_ = false;  // the message under way is a text
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  wirespan::net::UniqueFd record_;
  std::string pending_;         // for standard output
  std::string pending_record_;  // for the recording
};

/// Writes "wsdump: text" to standard error, without characters that drive a terminal.
void print_error(std::string_view text);

}  // namespace wsdump
