// wsdump_session.cpp - connects, sends what the input has, and knows when and how to end.
#include "wsdump_session.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include "wsdump_text.hpp"
#include <wirespan/app/log.hpp>
#include <wirespan/core/error.hpp>

namespace wsdump {
namespace {

using wirespan::CloseCode;
using wirespan::Errc;
using wirespan::Opcode;
using wirespan::TimePoint;
using namespace std::chrono_literals;

/// Payload of the ping behind the last message; its pong is not shown.
constexpr std::string_view end_of_input = "wsdump: end of input";
constexpr auto silence = 200ms;                // after the pong and the latest message
constexpr auto longest_noise = 2s;             // after the pong, while messages keep coming
constexpr auto pong_time = 10s;                // without the pong, after the latest message
constexpr auto longest_pong_time = 60s;        // without the pong, while messages keep coming
constexpr auto reply_time = 10s;               // of --wait-reply
constexpr auto interrupt_time = 2s;            // for the answer to our Close frame after Ctrl+C
constexpr auto drain_time = 5ms;               // between two looks at the unsent bytes
constexpr std::size_t most_unsent = 1u << 20;  // bytes; above them no input is read
constexpr TimePoint never = TimePoint::max();

std::atomic<int> interrupts = 0;
wirespan::net::Wakeup* interrupted = nullptr;

/// The second signal ends the process at once: the first one asked for a closing handshake.
void on_signal(int signal) {
  if (++interrupts > 1) ::_exit(status::interrupted - SIGINT + signal);
  interrupted->notify();
}

/// A signal that is ignored stays so: then the program was started in the background.
void catch_signals(wirespan::net::Wakeup& wakeup) {
  interrupted = &wakeup;
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = on_signal;
    ::sigaction(signal, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);  // a write that fails says so
}

/// The status for a connection that did not come about.
int status_of_attempt(const std::exception& error) {
  const auto* known = dynamic_cast<const wirespan::WebSocketException*>(&error);
  if (known == nullptr) return status::lost;
  const std::error_code code = known->code();
  const bool is_tls = dynamic_cast<const wirespan::WebSocketTlsException*>(known) != nullptr;
  if (is_tls || code == Errc::peer_speaks_tls) return status::tls;
  if (code == wirespan::Condition::handshake_failed) return status::refused;
  if (code == wirespan::Condition::misuse || code == Errc::compression_unavailable) {
    return status::usage;
  }
  return status::unreachable;
}

wirespan::AppOptions app_options(const Options& options) {
  wirespan::AppOptions app = options.app;
  app.send_hard_limit = SIZE_MAX / 2;  // the session looks at the unsent bytes itself
  return app;
}

std::string described(CloseCode code, std::string_view reason) {
  std::string text =
      std::to_string(static_cast<int>(code)) + " (" + std::string(wirespan::name(code)) + ')';
  if (!reason.empty()) text.append(": ").append(reason);
  return text;
}

}  // namespace

Session::Session(Options options, std::unique_ptr<Input> input)
    : WebSocketApp(options.url, {}, app_options(options)),
      options_(std::move(options)),
      output_(options_, std::chrono::steady_clock::now()),
      input_(std::move(input)) {
  if (options_.text) pending_ = Step{.type = Opcode::text, .payload = *options_.text};
}

int Session::run() {
  catch_signals(wakeup_);
  if (options_.verbose > 1) {
    wirespan::enable_trace(true, [](wirespan::LogLevel, std::string_view line) {
      std::fprintf(stderr, "%s\n", for_terminal(line).c_str());
    });
  }
  try {
    return status_of(drive());
  } catch (const wirespan::WebSocketException& refused) {
    output_.error(refused.what());
    return status_of_attempt(refused);
  }
}

// On the thread of the connection.

void Session::on_open() {
  connected_ = true;
  output_.opened(subprotocol(), false);
  wakeup_.notify();
}

void Session::on_reconnect() {
  connected_ = true;
  output_.opened(subprotocol(), true);
  wakeup_.notify();
}

void Session::on_message(const wirespan::Message& message) {
  output_.received({.type = message.opcode, .data = message.payload}, message.last_in_batch);
  count_message();
  stop_if_output_failed();
}

void Session::on_cont_message(const wirespan::Fragment& fragment) {
  output_.received({.type = fragment.opcode, .data = fragment.payload, .fin = fragment.fin}, true);
  if (fragment.fin) count_message();
  stop_if_output_failed();
}

void Session::count_message() {
  latest_ = std::chrono::steady_clock::now();
  const std::size_t count = ++received_;
  if (count == options_.max_messages) stop(wirespan::limits::close_time);
  if (awaits_replies_) wakeup_.notify();
}

void Session::stop_if_output_failed() {
  if (output_.failed()) stop(wirespan::limits::close_time);
}

void Session::on_ping(wirespan::Bytes payload) {
  output_.received({.type = Opcode::ping, .data = payload}, true);
}

void Session::on_pong(wirespan::Bytes payload) {
  if (wirespan::wire_text(payload) != end_of_input) {
    return output_.received({.type = Opcode::pong, .data = payload}, true);
  }
  pong_ = std::chrono::steady_clock::now();
  wakeup_.notify();
}

/// An error of a handler leaves the connection open; any other one has ended it, or an attempt.
void Session::on_error(const std::exception& error) {
  if (!ready()) {
    failure_ = connected_ ? status::lost : status_of_attempt(error);
    connected_ = false;
  }
  output_.error(error.what());
  const auto* refused = dynamic_cast<const wirespan::WebSocketBadStatusException*>(&error);
  if (refused != nullptr && options_.verbose > 0 && !refused->resp_body().empty()) {
    output_.error("the response: " + refused->resp_body());
  }
}

void Session::on_close(std::optional<CloseCode> code, std::string_view reason) {
  if (code) output_.closed(*code, reason, !is_normal(*code));
}

// On the thread inside run().

wirespan::RunResult Session::drive() {
  wirespan::RunResult result;
  std::exception_ptr refused;
  std::thread connection([&] {
    try {
      result = run_forever(options_.run);
    } catch (...) {
      refused = std::current_exception();
    }
    ended_ = true;
    wakeup_.notify();
  });
  while (!ended_) {
    const TimePoint now = std::chrono::steady_clock::now();
    step(now);
    wait(now);
  }
  connection.join();
  if (refused) std::rethrow_exception(refused);
  return result;
}

void Session::step(TimePoint now) {
  if (interrupts > 0 && !stopping_) {
    interrupted_unconnected_ = !ready();
    stop(interrupt_time);
  }
  if (stopping_ || !ready()) return;
  feed(now);
  if (!waiting_ && !pending_ && (input_failed_ || input_->at_end())) begin_waiting(now);
  if (!waiting_ || waiting_ends(now) > now) return;
  replies_missing_ = options_.wait_reply && !has_all_replies();
  stop(wirespan::limits::close_time);
}

/// Sends what the input has, as long as little is unsent.
void Session::feed(TimePoint now) {
  bool has_taken = false;
  held_up_ = false;
  while (!stopping_ && !held_up_) {
    if (!pending_) {
      if (input_failed_) break;
      if (!take_next(now)) break;
      has_taken = true;
    }
    held_up_ = pending_ && !send_pending();
  }
  if (has_taken) output_.prompt();
}

/// Takes the next message from the input, or says why a line is none. False if there is no line
/// yet.
bool Session::take_next(TimePoint now) {
  try {
    pending_ = input_->next(now);
    return pending_.has_value();
  } catch (const InputError& error) {
    refuse_line(error.what());
    return true;
  }
}

/// Sends the pending message. False if it stays pending: much is unsent, or there is no connection
/// any more.
bool Session::send_pending() {
  if (buffered_amount() >= most_unsent) return false;
  try {
    send(*pending_);
  } catch (const wirespan::WebSocketConnectionClosedException&) {
    return false;
  } catch (const wirespan::WebSocketException& error) {
    refuse_line(error.what());
  }
  pending_.reset();
  stop_if_output_failed();
  return true;
}

void Session::send(const Step& step) {
  if (step.type == Opcode::close) return;  // the end of a replay: its code is in the options
  const Event event{
      .direction = Direction::sent, .type = step.type, .data = wirespan::wire_bytes(step.payload)};
  output_.sending(event, [&] {
    if (step.type == Opcode::ping) {
      ping(step.payload);
    } else if (step.type == Opcode::pong) {
      pong(step.payload);
    } else {
      WebSocketApp::send(step.payload, step.type);
    }
  });
  if (!wirespan::is_control(step.type)) ++sent_;
}

/// A person may type the line again; in a script the input ends here.
void Session::refuse_line(const std::string& why) {
  output_.error(why);
  if (!output_.is_interactive()) input_failed_ = true;
}

void Session::begin_waiting(TimePoint now) {
  waiting_ = now;
  awaits_replies_ = options_.wait_reply;
  if (options_.wait_reply || options_.eof_wait || waits_for_count()) return;
  try {
    ping(end_of_input);
  } catch (const wirespan::WebSocketConnectionClosedException&) {
    pong_ = now;
  }
}

/// True if the end of input ends nothing: --max-messages does.
bool Session::waits_for_count() const { return options_.max_messages > 0 && !input_failed_; }

/// The time at which the session stops unless something comes.
TimePoint Session::waiting_ends(TimePoint now) const {
  if (options_.wait_reply) {
    return has_all_replies() ? now : *waiting_ + options_.eof_wait.value_or(reply_time);
  }
  if (options_.eof_wait) return *waiting_ + *options_.eof_wait;
  return waits_for_count() ? never : silence_ends();
}

/// The time at which the server has said all: it has answered the ping behind the last message, and
/// nothing more has come for a moment.
TimePoint Session::silence_ends() const {
  const TimePoint pong = pong_;
  const TimePoint latest = std::max(latest_.load(), *waiting_);
  if (pong == TimePoint{}) {
    return std::min<TimePoint>(latest + pong_time, *waiting_ + longest_pong_time);
  }
  return std::min<TimePoint>(std::max(latest, pong) + silence, pong + longest_noise);
}

TimePoint Session::next_time(TimePoint now) const {
  if (stopping_ || !ready()) return never;
  if (waiting_) return waiting_ends(now);
  if (held_up_) return now + drain_time;
  return input_->due().value_or(never);
}

/// Waits for the end of the run, a signal, input, or the next time.
void Session::wait(TimePoint now) {
  const bool wants_input = !stopping_ && ready() && !waiting_ && !held_up_;
  std::array<pollfd, 2> fds{pollfd{wakeup_.fd(), POLLIN, 0},
                            pollfd{wants_input ? input_->fd() : -1, POLLIN, 0}};
  const TimePoint next = next_time(now);
  int timeout = -1;
  if (next != never) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
    timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
  }
  if (::poll(fds.data(), fds.size(), timeout) <= 0) return;
  if (fds[0].revents != 0) wakeup_.drain();
  if (fds[1].revents != 0) read_input();
}

void Session::read_input() {
  try {
    input_->read();
  } catch (const std::system_error& error) {
    refuse_line(error.what());
  }
}

// The end.

void Session::stop(std::chrono::milliseconds time) {
  if (stopping_.exchange(true)) return;
  if (ready()) output_.sent_close(close_code(), options_.close_reason);
  close(close_code(), options_.close_reason, time);
}

CloseCode Session::close_code() const noexcept {
  return options_.close_code.value_or(CloseCode::normal);
}

bool Session::is_normal(CloseCode code) const noexcept {
  return code == CloseCode::normal || code == CloseCode::no_status_received ||
         (stopping_ && code == close_code());
}

int Session::status_of(const wirespan::RunResult& result) {
  if (output_.failed()) return status::output;
  if (input_failed_) return status::usage;
  if (result.failed()) return failure_;
  if (interrupted_unconnected_ || !result.close.code) return status::interrupted;
  return status_of_close(result);
}

int Session::status_of_close(const wirespan::RunResult& result) {
  const CloseCode code = *result.close.code;
  if (!is_normal(code)) {
    output_.error(code == CloseCode::abnormal_closure && result.error
                      ? "closing: " + result.error.message()
                      : "closed with " + described(code, result.close.reason));
    return status::lost;
  }
  if (!replies_missing_) return status::normal;
  output_.error(std::to_string(received_) + " replies came to " + std::to_string(sent_) +
                " messages");
  return status::lost;
}

}  // namespace wsdump
