// wsdump_session.hpp - one run of wsdump: the connection, the input, the end and the exit status.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "wsdump_input.hpp"
#include "wsdump_options.hpp"
#include "wsdump_output.hpp"
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/core/time.hpp>
#include <wirespan/net/wakeup.hpp>

namespace wsdump {

/// A session has two threads. A thread of its own is inside run_forever(): it prints and counts
/// what comes. The thread inside run() waits for standard input, for signals and for the times of
/// the options, sends, and asks for the end. It never blocks in a send, as it sends only while
/// little is unsent, so a signal is always heard.
///
/// The life of a session: feeding, until the input ends; waiting, for replies or for silence;
/// stopping, from our Close frame on. A peer's Close or a failure ends it at any time.
class Session final : public wirespan::WebSocketApp {
 public:
  /// Throws std::system_error if the recording cannot be written.
  Session(Options options, std::unique_ptr<Input> input);

  /// Returns the exit status. Replaces the handlers of SIGINT and SIGTERM for good.
  [[nodiscard]] int run();

  // On the thread of the connection.
  void on_open() override;
  void on_reconnect() override;
  void on_message(const wirespan::Message& message) override;
  void on_cont_message(const wirespan::Fragment& fragment) override;
  void on_ping(wirespan::Bytes payload) override;
  void on_pong(wirespan::Bytes payload) override;
  void on_error(const std::exception& error) override;
  void on_close(std::optional<wirespan::CloseCode> code, std::string_view reason) override;

 private:
  using TimePoint = wirespan::TimePoint;

  // On the thread of the connection.
  void count_message();
  void stop_if_output_failed();

  // On the thread inside run().
  [[nodiscard]] wirespan::RunResult drive();
  void step(TimePoint now);
  void feed(TimePoint now);
  [[nodiscard]] bool take_next(TimePoint now);
  [[nodiscard]] bool send_pending();
  void send(const Step& step);
  void refuse_line(const std::string& why);
  void begin_waiting(TimePoint now);
  [[nodiscard]] TimePoint waiting_ends(TimePoint now) const;
  [[nodiscard]] TimePoint silence_ends() const;
  void wait(TimePoint now);
  void read_input();
  [[nodiscard]] bool waits_for_count() const;
  [[nodiscard]] TimePoint next_time(TimePoint now) const;
  [[nodiscard]] bool has_all_replies() const noexcept { return received_ >= sent_; }
  [[nodiscard]] int status_of(const wirespan::RunResult& result);
  [[nodiscard]] int status_of_close(const wirespan::RunResult& result);

  /// Any thread. The first call counts.
  void stop(std::chrono::milliseconds time);
  [[nodiscard]] bool is_normal(wirespan::CloseCode code) const noexcept;
  [[nodiscard]] wirespan::CloseCode close_code() const noexcept;

  const Options options_;
  Output output_;
  std::unique_ptr<Input> input_;
  wirespan::net::Wakeup wakeup_;

  // For both threads.
  std::atomic<std::size_t> sent_ = 0;            // messages
  std::atomic<std::size_t> received_ = 0;        // messages
  std::atomic<TimePoint> latest_ = TimePoint{};  // of the messages received
  std::atomic<TimePoint> pong_ = TimePoint{};    // of the pong to the ping at the end of input
  std::atomic<bool> ended_ = false;              // run_forever() has returned
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> awaits_replies_ = false;  // the end of the session may depend on a message

  // Of the thread of the connection, and of run() after its end.
  bool connected_ = false;
  int failure_ = status::lost;  // exit status of the latest failure

  // Of the thread inside run().
  std::optional<Step> pending_;       // the next thing to send
  bool held_up_ = false;              // the pending message waits, and no more input is read
  std::optional<TimePoint> waiting_;  // the end of input, once it was reached
  bool input_failed_ = false;
  bool replies_missing_ = false;
  bool interrupted_unconnected_ = false;
};

}  // namespace wsdump
