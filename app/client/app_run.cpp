// app_run.cpp - one run of WebSocketApp: connect, deliver, send, close, reconnect.
#include <algorithm>
#include <cstdint>
#include <new>
#include <string>

#include <wirespan/app/client/app_run.hpp>
#include <wirespan/app/log.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/frame.hpp>
#include <wirespan/core/time.hpp>
#include <wirespan/net/channel_impl.hpp>

namespace wirespan {
namespace {

[[noreturn]] void refuse(const char* why) {
  throw WebSocketException(make_error_code(Errc::invalid_option), why);
}

void check(const RunOptions& options) {
  if (options.ping_timeout && options.ping_timeout->count() <= 0) {
    refuse("Ensure ping_timeout > 0");
  }
  if (options.ping_interval.count() < 0) refuse("Ensure ping_interval >= 0");
  const bool both = options.ping_interval.count() > 0 && options.ping_timeout;
  if (both && options.ping_interval <= *options.ping_timeout) {
    refuse("Ensure ping_interval > ping_timeout");
  }
  if (options.ping_payload.size() > max_control_payload) {
    throw_for(Errc::control_too_long, "RunOptions::ping_payload of " +
                                          std::to_string(options.ping_payload.size()) + " bytes");
  }
}

net::SessionOptions session_options(const RunOptions& options, std::size_t send_hard_limit) {
  auto timeout = options.ping_timeout;
  if (timeout) timeout = bounded(*timeout);
  return {.keep_alive = {.interval = bounded(options.ping_interval),
                         .timeout = timeout,
                         .only_pongs_count = options.only_pongs_count},
          .ping_payload = options.ping_payload,
          .send_hard_limit = send_hard_limit};
}

/// A run has one connection, so the total needs no limit of its own. A refused sender waits in
/// Shared, so the loop owes it no drain.
net::RemoteOptions remote_options(std::size_t send_hard_limit) {
  return {.send_hard_limit = send_hard_limit, .total_limit = SIZE_MAX, .tells_refusals = false};
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

}  // namespace

WebSocketApp::Run::Run(WebSocketApp& app, const RunOptions& options)
    : app_(app),
      options_((check(options), options)),
      shared_(*app.shared_),
      loop_({.backend = app.options_.backend,
             .busy_poll = bounded_busy_poll(app.options_.busy_poll)}),
      remote_(loop_.mailbox(), remote_options(app.options_.send_hard_limit),
              [this] { drain_listed(); }),
      session_options_(session_options(options, app.options_.send_hard_limit)),
      compression_(app.options_.compression) {
  // A header callable is called by each attempt; every other option is checked here, before any
  // handler is called.
  ConnectOptions checked = connect_options();
  if (app_.options_.header.is_callable()) checked.header = {};
  std::string detail;
  if (const auto plan = make_dial_plan(app_.url_, checked, detail); !plan) {
    throw_for(plan.error(), detail);
  }
  if (!shared_.begin_run(*this, *this, remote_, account_)) {
    throw WebSocketException(make_error_code(Errc::already_open), "socket is already opened");
  }
}

WebSocketApp::Run::~Run() {
  shared_.end_connection();
  shared_.end_run();
}

RunResult WebSocketApp::Run::run(const std::stop_token& stop) {
  const std::stop_callback on_stop(stop, [&] { shared_.post_close({}); });
  if (stop.stop_requested()) {
    finish(EndReason::stopped);
  } else {
    attempt();
  }
  while (!finished_) loop_.run_once(std::nullopt);
  dialer_.reset();
  channel_.reset();
  shared_.set_stopping();
  tell_close();
  return std::move(result_);
}

// Connecting.

ConnectOptions WebSocketApp::Run::connect_options() const {
  const AppOptions& app = app_.options_;
  return {.header = app.header,
          .cookie = app.cookie,
          .origin = options_.origin,
          .suppress_origin = options_.suppress_origin,
          .host = options_.host,
          .subprotocols = app.subprotocols,
          .require_subprotocol = app.require_subprotocol,
          .connect_timeout = app.connect_timeout,
          .sockopt = options_.sockopt,
          .local_address = options_.local_address,
          .interface = options_.interface,
          .on_socket = options_.on_socket,
          .sslopt = options_.sslopt,
          .compression = app.compression,
          .socket = app.socket,
          .already_secured = app.already_secured,
          .receive_timestamps = app.receive_timestamps};
}

void WebSocketApp::Run::attempt() {
  std::exception_ptr error;
  try {
    if (used_socket_) throw_for(Errc::not_open, "a given socket cannot be connected again");
    std::string detail;
    auto plan = make_dial_plan(app_.url_, connect_options(), detail);
    if (plan) {
      plan->connector.rotation = &rotation_;
      used_socket_ = std::exchange(app_.options_.socket, -1) >= 0;
      dialer_ = std::make_unique<Dialer>(
          loop_, std::move(*plan), [this](Dialer::Result result) { on_dialed(std::move(result)); });
      return;
    }
    throw_for(plan.error(), detail);
  } catch (const WebSocketException& refused) {
    return failed(refused.code(), std::current_exception());
  } catch (...) {  // thrown by the header callable
    return failed(Errc::handler_failed, std::current_exception());
  }
}

void WebSocketApp::Run::on_dialed(Dialer::Result result) {
  loop_.retire(std::move(dialer_));
  if (const auto* failure = std::get_if<DialFailure>(&result)) {
    return failed(failure->error, exception_of([&] { throw_for(*failure); }));
  }
  open(std::get<Dialed>(std::move(result)));
}

void WebSocketApp::Run::open(Dialed dialed) {
  rotation_.forget();
  const AppOptions& app = app_.options_;
  auto options = std::make_shared<ConnectionOptions>();
  options->receive = {.max_message_size = app.max_message_size,
                      .max_fragments = app.max_message_fragments,
                      .validate_utf8 = !options_.skip_utf8_validation,
                      .deliver_fragments = app.fire_cont_frame || app_.handlers_.on_cont_message};
  options->mask_source = mask_keys_.source();
  options->blocks = &loop_.buffers().source();
  const int fd = dialed.transport.fd();
  channel_ =
      std::make_unique<AppChannel>(loop_, std::move(dialed.transport),
                                   Connection(Role::client, std::move(options),
                                              compression_.codec(Role::client, dialed.agreement)),
                                   ChannelHandler{this}, session_options_);
  shared_.begin_connection(dialed.agreement, dialed.status, fd);
  result_.close = {};
  result_.error = {};
  (void)mask_keys_.take_failure();
  const bool again = std::exchange(not_first_attempt_, true);
  guarded([&] { again ? app_.on_reconnect() : app_.on_open(); });
  // The handler may have ended the channel. Frames that came with the handshake are delivered here,
  // after on_open.
  if (channel_) channel_->start(dialed.unread);
}

// While the connection is open.

void WebSocketApp::Run::on_message(const Message& message) {
  if (stop_request_) return;  // messages after close() are discarded, as in Python
  guarded([&] { app_.on_data(message.payload, message.opcode, true); });
  if (!stop_request_) guarded([&] { app_.on_message(message); });
}

void WebSocketApp::Run::on_fragment(const Fragment& fragment) {
  if (stop_request_) return;
  guarded([&] { app_.on_data(fragment.payload, fragment.opcode, fragment.fin); });
  if (!stop_request_) guarded([&] { app_.on_cont_message(fragment); });
}

void WebSocketApp::Run::ChannelHandler::on_ping(Bytes payload) {
  if (!run->stop_request_) run->guarded([&] { run->app_.on_ping(payload); });
}

void WebSocketApp::Run::ChannelHandler::on_pong(Bytes payload) {
  run->shared_.set_pong(run->loop_.now());
  if (!run->stop_request_) run->guarded([&] { run->app_.on_pong(payload); });
}

void WebSocketApp::Run::ChannelHandler::on_ping_sent() { run->shared_.set_ping(run->loop_.now()); }

void WebSocketApp::Run::on_backlog(std::size_t unsent) {
  (void)remote_.set_unsent(account_, unsent);
  trim_.note_held(remote_.total());
  shared_.tell_room();
}

/// Lowers the unsent bytes that other threads see. send_granted() raises them before the kernel is
/// asked, and the channel calls on_backlog() only if the backlog has changed.
void WebSocketApp::Run::on_written(std::size_t size) {
  const std::size_t told = account_.unsent.load(std::memory_order_relaxed);
  if (told > 0) on_backlog(told - std::min(told, size));
}

std::optional<net::ReceiveTime> WebSocketApp::Run::received_at() const noexcept {
  return channel_ ? channel_->received_at() : std::nullopt;
}

std::size_t WebSocketApp::Run::unsent() const noexcept {
  return channel_ ? channel_->unsent_bytes() + account_.on_its_way() : 0;
}

/// Sends on the loop's thread. The outbox is drained first: messages that other threads sent before
/// stay in front.
void WebSocketApp::Run::send(Opcode opcode, Bytes payload, Compress compress) {
  if (!channel_ || stop_request_) throw_for(Errc::not_open, "send");
  if (remote_.has_listed()) drain(net::Remote::Look::early);
  if (!channel_) throw_for(Errc::not_open, "send");
  const auto error = send(opcode, payload, compress, net::Admission::ask);
  if (error) throw_for(error, "send");
}

std::error_code WebSocketApp::Run::send(Opcode opcode, Bytes payload, Compress compress,
                                        net::Admission admission) {
  const auto error = channel_->send(opcode, payload, true, compress, admission);
  if (error == Errc::no_mask_key) channel_->fail(error);
  return error;
}

/// Sends a message that Remote has admitted. If memory runs out the connection is aborted, and its
/// accepted bytes are counted in RunResult::unsent_bytes.
std::error_code WebSocketApp::Run::send_granted(const net::MessageLog::Message& message) {
  try {
    const auto error =
        send(message.opcode, message.payload, message.compress, net::Admission::granted);
    if (!error) (void)remote_.set_unsent(account_, channel_->unsent_bytes());
    return error;
  } catch (const std::bad_alloc&) {
    const auto error = make_error_code(std::errc::not_enough_memory);
    channel_->abort(error);
    return error;
  }
}

void WebSocketApp::Run::drain_listed() {
  remote_.drain_listed([this](std::uint32_t) { drain(net::Remote::Look::listed); });
}

void WebSocketApp::Run::drain(net::Remote::Look look) {
  const auto nothing = [] {};
  remote_.drain_account(
      account_, 0, look,
      [this](const net::MessageLog::Message& message) { return send_granted(message); }, nothing,
      nothing);
  shared_.tell_room();
}

// Ending.

void WebSocketApp::Run::stop(const CloseRequest& request) {
  if (stop_request_ || finished_) return;
  stop_request_ = request;
  stop_request_->timeout = bounded(request.timeout);
  shared_.set_stopping();
  if (channel_) {
    // Messages accepted before go in front of the Close frame. The timer bounds their wait for the
    // kernel: if the closing handshake takes longer than the timeout, on_timer() aborts.
    loop_.timers().schedule(*this, loop_.network().now() + stop_request_->timeout);
    drain(net::Remote::Look::early);
    close_channel();
  } else {
    dialer_.reset();
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
  (void)remote_.set_unsent(account_, 0);
  result_.unsent_bytes += end.unsent_bytes + remote_.close_account(account_);
  result_.close = {.code = end.code, .reason = end.reason};
  if (stop_request_) {
    result_.error = end.error;
    return finish(EndReason::stopped);
  }
  // The peer closed, but get_mask_key threw, so that its Close frame could not be answered.
  if (!end.error && mask_keys_.has_failed()) {
    return failed(Errc::no_mask_key, mask_keys_.take_failure());
  }
  if (!end.error) return finish(EndReason::closed_by_peer);
  if (end.error == Errc::handler_failed) {  // on_error has thrown: it is not called again
    result_.error = end.error;
    return finish(EndReason::failed);
  }
  const bool own_keys_failed = end.error == Errc::no_mask_key && mask_keys_.has_failed();
  failed(end.error, own_keys_failed ? mask_keys_.take_failure()
                                    : exception_of([&] { throw_for(end.error, "connection"); }));
}

/// Reports a failed attempt or a lost connection to on_error, then reconnects or ends the run.
void WebSocketApp::Run::failed(std::error_code code, const std::exception_ptr& error) {
  not_first_attempt_ = true;
  result_.error = code;
  shared_.set_errored();
  report(error);
  if (stop_request_) return finish(EndReason::stopped);
  if (finished_) return;
  if (options_.reconnect.count() > 0 && !used_socket_) {
    loop_.timers().schedule(*this, loop_.network().now() + bounded(options_.reconnect));
  } else {
    finish(EndReason::failed);
  }
}

/// With a channel: the close timeout, while the peer did not even read the messages in front of our
/// Close frame. Without one: the reconnect delay is over.
void WebSocketApp::Run::on_timer(TimePoint) {
  if (channel_) return channel_->abort(Errc::close_timeout);
  if (!finished_ && !dialer_) attempt();
}

void WebSocketApp::Run::finish(EndReason why) noexcept {
  if (finished_) return;
  finished_ = true;
  result_.why = why;
}

void WebSocketApp::Run::tell_close() {
  guarded([&] { app_.on_close(result_.close.code, result_.close.reason); });
}

template <class Call>
void WebSocketApp::Run::guarded(Call call) noexcept {
  try {
    call();
  } catch (...) {
    handler_failed(std::current_exception());
  }
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
    result_.error = Errc::handler_failed;
    log(LogLevel::error, "on_error has thrown an exception; the run ends");
    if (channel_) {
      channel_->fail(Errc::handler_failed);
    } else {
      finish(EndReason::failed);
    }
  }
}

}  // namespace wirespan
