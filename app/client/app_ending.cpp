// app_ending.cpp - how a connection, an attempt and a run of WebSocketApp end, and how a run comes
// back. RFC 6455 §7.2.3.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include <wirespan/app/client/app_run.hpp>
#include <wirespan/app/log.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/retry_after.hpp>
#include <wirespan/core/time.hpp>
#include <wirespan/net/channel_impl.hpp>

namespace wirespan {
namespace {

using std::chrono::milliseconds;

/// Keeps a run alive until the loop has run the tasks that were posted before. Without memory for
/// the task the run is leaked: a leak is better than a task without its run.
template <class Owner>
void destroy_behind_tasks(net::EventLoop& loop, std::shared_ptr<Owner> run) noexcept {
  auto* const kept = new (std::nothrow) std::shared_ptr<Owner>(run);
  if (kept == nullptr) return;
  try {
    loop.post([run = std::move(run)] {});
    delete kept;
  } catch (const std::bad_alloc&) {
    log(LogLevel::error, "no memory to end a run of WebSocketApp::start()");
  }
}

template <class Throw>
std::exception_ptr exception_of(Throw thrower) {
  try {
    thrower();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "a handler threw something that is no std::exception";
  }
}

/// 64 random bits; without any, the number that makes the delay longest.
std::uint64_t random_bits(net::SecureRandom& random) noexcept {
  std::uint64_t bits = 0;
  const bool is_filled = random.fill(std::as_writable_bytes(std::span(&bits, 1)));
  return is_filled ? bits : std::numeric_limits<std::uint64_t>::max();
}

/// The wait that a refusal asks for; 0 for none.
milliseconds wait_of(const DialFailure& failure, std::chrono::sys_seconds wall_clock) noexcept {
  constexpr int too_many_requests = 429;
  constexpr int unavailable = 503;
  if (failure.status != too_many_requests && failure.status != unavailable) return {};
  return retry_after(failure.headers, wall_clock).value_or(milliseconds(0));
}

}  // namespace

void WebSocketApp::Run::stop(const CloseRequest& request) {
  if (stop_request_ || finished_) return;
  stop_request_ = request;
  stop_request_->timeout = bounded(request.timeout);
  shared_.set_stopping();
  if (channel_) {
    // Messages accepted before go in front of the Close frame. The timer bounds their wait for the
    // kernel: if the closing handshake takes longer than the timeout, on_timer() aborts.
    loop_.timers().schedule(*this, loop_.network().now() + stop_request_->timeout);
    send_kept();
    drain(net::Remote::Look::early);
    close_channel();
  } else {
    loop_.retire(std::move(dialer_));  // it may be on the stack: RunOptions::on_socket may close
    finish(EndReason::stopped);
  }
}

void WebSocketApp::Run::close_channel() {
  if (!channel_ || !stop_request_) return;
  const auto error =
      channel_->close(stop_request_->status, stop_request_->reason, stop_request_->timeout);
  if (error == Errc::no_mask_key) channel_->fail(error);
}

void WebSocketApp::Run::on_end(const net::SessionEnd& end) {
  loop_.retire(std::move(channel_));
  loop_.timers().cancel(*this);
  shared_.end_connection();
  shared_.counters().ended.add();
  ping_sent_.reset();
  drain(net::Remote::Look::last);  // to be given back
  backoff_.ended(loop_.network().now());
  (void)remote_.set_unsent(account_, 0);
  result_.unsent_bytes += end.unsent_bytes + remote_.close_account(account_);
  result_.close = {.code = end.code, .reason = end.reason};
  if (stop_request_) {
    set_error(end.error);
    return finish(EndReason::stopped);
  }
  if (on_error_failed_) return finish(EndReason::failed);  // it is not called again
  ConnectionEnd told{.error = end.error, .close_code = end.code, .reason = end.reason};
  if (has_overflowed_) {
    told.error = Errc::overflow_closed;
    return failed(std::move(told),
                  exception_of([] { throw_for(Errc::overflow_closed, "connection"); }));
  }
  // Without an error: the peer closed, but get_mask_key threw, so its Close frame has no answer.
  if ((!end.error || end.error == Errc::no_mask_key) && mask_keys_.has_failed()) {
    told.error = Errc::no_mask_key;
    return failed(std::move(told), mask_keys_.take_failure());
  }
  if (!end.error) return come_back_or(EndReason::closed_by_peer, std::move(told));
  failed(std::move(told), exception_of([&] { throw_for(end.error, "connection"); }));
}

void WebSocketApp::Run::dial_failed(const DialFailure& failure) {
  shared_.counters().count(failure);
  backoff_.ended(loop_.network().now());
  const bool waits = policy_ && policy_->honour_retry_after;
  failed({.error = failure.error, .http_status = failure.status},
         exception_of([&] { throw_for(failure); }),
         waits ? wait_of(failure, loop_.network().wall_clock()) : milliseconds(0));
}

/// For an attempt that failed before it began.
void WebSocketApp::Run::attempt_failed(std::error_code code, const std::exception_ptr& error) {
  shared_.counters().failed_options.add();
  backoff_.ended(loop_.network().now());
  failed({.error = code}, error);
}

/// Reports a failed attempt or a lost connection to on_error, then reconnects or ends the run.
void WebSocketApp::Run::failed(ConnectionEnd end, const std::exception_ptr& error,
                               milliseconds at_least) {
  not_first_attempt_ = true;
  set_error(end.error, text_of(error));
  shared_.set_errored();
  report(error);
  come_back_or(EndReason::failed, std::move(end), at_least);
}

/// Schedules the next attempt if the policy wants one, else ends the run for `why`.
void WebSocketApp::Run::come_back_or(EndReason why, ConnectionEnd end, milliseconds at_least) {
  if (stop_request_) return finish(EndReason::stopped);
  if (finished_) return;
  end.failed_attempts = backoff_.failures();
  const bool comes_back = policy_ && !used_socket_ && is_worth_it(end);
  if (finished_) return;  // the predicate has called close(), or its exception has ended the run
  if (!comes_back) return finish(why);
  const TimePoint now = loop_.network().now();
  const auto delay = backoff_.next_delay(now, random_bits(loop_.random()), at_least);
  if (!delay) return finish(why);
  loop_.timers().schedule(*this, later(now, *delay));
}

bool WebSocketApp::Run::is_worth_it(const ConnectionEnd& end) noexcept {
  if (!policy_->should_reconnect) return reconnects_by_default(end);
  bool is_wanted = false;
  guarded([&] { is_wanted = policy_->should_reconnect(end); });
  return is_wanted;
}

void WebSocketApp::Run::set_error(std::error_code code, std::string text) noexcept {
  result_.error = code;
  result_.error_text = std::move(text);
}

/// With a channel: the close timeout, while the peer did not even read the messages in front of our
/// Close frame. Without one: the reconnect delay is over, or a run of start() has finished.
void WebSocketApp::Run::on_timer(TimePoint) {
  if (finished_) return complete();
  if (channel_) return channel_->abort(Errc::close_timeout);
  if (!finished_ && !dialer_) attempt();
}

void WebSocketApp::Run::finish(EndReason why) noexcept {
  if (finished_) return;
  finished_ = true;
  result_.why = why;
  // Nothing of the run may be on the stack when it ends, so a later timer ends it.
  if (!own_loop_) loop_.timers().schedule(*this, loop_.now());
}

/// Lets go of everything that still could call the run.
void WebSocketApp::Run::wind_up() noexcept {
  dialer_.reset();
  channel_.reset();
  shared_.set_stopping();
  result_.unsent_bytes += shared_.drop_kept();
}

/// Ends a run of start(). The handlers may start the app again, and `on_ended` may destroy it, so
/// neither the app nor Shared is used behind them.
void WebSocketApp::Run::complete() {
  wind_up();
  tell_close();
  const std::shared_ptr<Run> self = leave();
  try {
    if (const RunEnded on_ended = std::move(on_ended_)) on_ended(app_, result_);
  } catch (...) {
    log(LogLevel::error, "on_ended of WebSocketApp::start() has thrown an exception");
  }
  destroy_behind_tasks(loop_, self);
}

/// Lets the app run again: no task is posted for this run any more. Returns the share of a run of
/// start() that Shared had.
std::shared_ptr<WebSocketApp::Run> WebSocketApp::Run::leave() noexcept {
  if (std::exchange(has_left_, true)) return nullptr;
  shared_.end_connection();
  return shared_.end_run();
}

void WebSocketApp::Run::abandon() noexcept {
  finished_ = true;
  loop_.timers().cancel(*this);
  dialer_.reset();
  channel_.reset();
  destroy_behind_tasks(loop_, leave());
}

void WebSocketApp::Run::tell_close() {
  guarded([&] { app_.on_close(result_.close.code, result_.close.reason); });
}

void WebSocketApp::Run::handler_failed(const std::exception_ptr& error) noexcept {
  shared_.set_errored();
  report(error);
}

/// Calls on_error. If on_error throws, the log gets a line and the run ends with
/// Errc::handler_failed.
void WebSocketApp::Run::report(const std::exception_ptr& error) noexcept {
  try {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& known) {
      app_.on_error(known);
    } catch (...) {
      app_.on_error(WebSocketException(make_error_code(Errc::handler_failed),
                                       "a handler threw something that is no std::exception"));
    }
  } catch (...) {
    on_error_failed_ = true;
    set_error(Errc::handler_failed);
    log(LogLevel::error, "on_error has thrown an exception; the run ends");
    if (channel_) {
      channel_->fail(Errc::handler_failed);
    } else {
      finish(EndReason::failed);
    }
  }
}

}  // namespace wirespan
