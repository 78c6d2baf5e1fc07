// app_run.cpp - one run of WebSocketApp: connect, deliver, send.
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
  const std::size_t size = options.ping_payload.size();
  const std::string told = "RunOptions::ping_payload of " + std::to_string(size) + " bytes";
  if (size > max_control_payload) throw_for(Errc::control_too_long, told);
  if (options.match_pongs && size > limits::numbered_ping_payload) {
    throw_for(Errc::invalid_option, told + " leaves no room for the number of match_pongs, above " +
                                        std::to_string(limits::numbered_ping_payload));
  }
  if (options.reconnect.policy()) options.reconnect.policy()->validate();
}

net::SessionOptions session_options(const RunOptions& options, const AppOptions& app) {
  auto timeout = options.ping_timeout;
  if (timeout) timeout = bounded(*timeout);
  return {.keep_alive = {.interval = bounded(options.ping_interval),
                         .timeout = timeout,
                         .only_pongs_count = options.only_pongs_count},
          .ping_payload = options.ping_payload,
          .match_pongs = options.match_pongs,
          .send_high_watermark = app.send_high_watermark,
          .send_low_watermark = app.send_low_watermark,
          .send_hard_limit = app.send_hard_limit,
          .overflow = app.overflow};
}

/// A run has one connection, so the total needs no limit of its own. A refused sender waits in
/// Shared, so the loop owes it no drain.
net::RemoteOptions remote_options(const AppOptions& app) {
  return {.send_hard_limit = app.send_hard_limit,
          .total_limit = SIZE_MAX,
          .overflow = app.overflow,
          .tells_refusals = false};
}

net::EventLoopOptions loop_options(const AppOptions& options) {
  return {.backend = options.backend,
          .network = options.network,
          .busy_poll = bounded_busy_poll(options.busy_poll)};
}

/// The policy of a run: its own, or that of the process; unset if it does not reconnect.
std::optional<ReconnectPolicy> policy_of(const RunOptions& options) {
  if (!options.reconnect.policy()) return get_reconnect();
  const bool is_off = options.reconnect.policy()->delay.count() == 0;
  return is_off ? std::nullopt : options.reconnect.policy();
}

Backoff::Options backoff_options(const std::optional<ReconnectPolicy>& policy) {
  if (!policy) return {};
  return {.delay = policy->delay,
          .max_delay = policy->max_delay,
          .multiplier = policy->multiplier,
          .jitter = policy->jitter,
          .max_attempts = policy->max_attempts,
          .give_up_after = policy->give_up_after,
          .stable_after = policy->stable_after};
}

}  // namespace

WebSocketApp::Run::Run(WebSocketApp& app, const RunOptions& options, net::EventLoop* loop)
    : app_(app),
      options_((check(options), options)),
      shared_owner_(app.shared_),
      shared_(*shared_owner_),
      loop_(loop != nullptr ? *loop : own_loop_.emplace(loop_options(app.options_))),
      remote_(loop_.mailbox(), remote_options(app.options_), [this] { drain_listed(); }),
      session_options_(session_options(options, app.options_)),
      policy_(policy_of(options)),
      backoff_(backoff_options(policy_), loop_.network().now()),
      compression_(app.options_.compression) {
  // A header callable is called by each attempt; every other option is checked here, before any
  // handler is called.
  ConnectOptions checked = connect_options();
  if (app_.options_.header.is_callable()) checked.header = {};
  std::string detail;
  if (const auto plan = make_dial_plan(app_.url_, checked, detail); !plan) {
    throw_for(plan.error(), detail);
  }
  if (!shared_.begin_run(*this, *this, remote_, account_, app_.options_)) {
    throw WebSocketException(make_error_code(Errc::already_open), "socket is already opened");
  }
}

WebSocketApp::Run::~Run() { (void)leave(); }

RunResult WebSocketApp::Run::run(const std::stop_token& stop) {
  const std::stop_callback on_stop(stop, [&] { shared_.post_close({}); });
  if (stop.stop_requested()) {
    finish(EndReason::stopped);
  } else {
    attempt();
  }
  while (!finished_) loop_.run_once(std::nullopt);
  wind_up();
  tell_close();
  return std::move(result_);
}

void WebSocketApp::Run::start(std::shared_ptr<Run> run, RunEnded on_ended) {
  net::EventLoop& loop = run->loop_;
  run->on_ended_ = std::move(on_ended);
  run->shared_.own_run(run);
  loop.post([run = std::move(run)] {
    if (run->finished_) return;  // abandoned before its first turn
    run->shared_.begin_turns();
    run->attempt();
  });
}

// Connecting.

ConnectOptions WebSocketApp::Run::connect_options() const {
  const AppOptions& app = app_.options_;
  tls::ClientOptions sslopt = options_.sslopt;
  if (!sslopt.session_cache) sslopt.session_cache = shared_.tls_sessions();
  return {.header = app.header,
          .cookie = app.cookie,
          .cookie_jar = app.cookie_jar,
          .origin = options_.origin,
          .suppress_origin = options_.suppress_origin,
          .host = options_.host,
          .subprotocols = app.subprotocols,
          .require_subprotocol = app.require_subprotocol,
          .connect_timeout = app.connect_timeout,
          .redirect_limit = options_.redirect_limit,
          .allow_insecure_redirect = options_.allow_insecure_redirect,
          .proxy = options_.proxy,
          .http_proxy_host = options_.http_proxy_host,
          .http_proxy_port = options_.http_proxy_port,
          .http_proxy_auth = options_.http_proxy_auth,
          .proxy_type = options_.proxy_type,
          .http_no_proxy = options_.http_no_proxy,
          .http_proxy_timeout = options_.http_proxy_timeout,
          .proxy_sslopt = options_.proxy_sslopt,
          .proxy_from_environment = options_.proxy_from_environment,
          .sockopt = options_.sockopt,
          .local_address = options_.local_address,
          .interface = options_.interface,
          .on_socket = options_.on_socket,
          .sslopt = std::move(sslopt),
          .compression = app.compression,
          .socket = app.socket,
          .already_secured = app.already_secured,
          .receive_timestamps = app.receive_timestamps,
          .one_connecting_per_address = options_.one_connecting_per_address};
}

void WebSocketApp::Run::attempt() {
  shared_.counters().attempts.add();
  try {
    if (used_socket_) throw_for(Errc::not_open, "a given socket cannot be connected again");
    std::string detail;
    auto plan = make_dial_plan(app_.url_, connect_options(), detail);
    if (finished_) return;  // the header callable has called close()
    if (plan) {
      rotation_.next_attempt();
      plan->connector.rotation = &rotation_;
      used_socket_ = std::exchange(app_.options_.socket, -1) >= 0;
      dialer_ = std::make_unique<Dialer>(
          loop_, std::move(*plan), [this](Dialer::Result result) { on_dialed(std::move(result)); });
      return;
    }
    throw_for(plan.error(), detail);
  } catch (const WebSocketException& refused) {
    return attempt_failed(refused.code(), std::current_exception());
  } catch (...) {  // thrown by the header callable
    return attempt_failed(Errc::handler_failed, std::current_exception());
  }
}

void WebSocketApp::Run::on_dialed(Dialer::Result result) {
  if (!dialer_) return;  // close() has retired it in this turn
  loop_.retire(std::move(dialer_));
  if (const auto* failure = std::get_if<DialFailure>(&result)) return dial_failed(*failure);
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
  backoff_.opened(loop_.network().now());
  shared_.counters().opened.add();
  if (std::exchange(has_opened_, true)) shared_.counters().reconnects.add();
  result_.close = {};
  has_overflowed_ = false;
  set_error({});
  (void)mask_keys_.take_failure();
  const bool again = std::exchange(not_first_attempt_, true);
  guarded([&] { again ? app_.on_reconnect() : app_.on_open(); });
  send_kept();
  // The handler may have ended the channel. Frames that came with the handshake are delivered here,
  // after on_open.
  if (channel_) channel_->start(dialed.unread);
}

// While the connection is open.

void WebSocketApp::Run::on_message(const Message& message) {
  if (stop_request_) return;  // messages after close() are discarded, as in Python
  count_received(message.payload.size());
  guarded([&] { app_.on_data(message.payload, message.opcode, true); });
  if (!stop_request_) guarded([&] { app_.on_message(message); });
}

void WebSocketApp::Run::count_received(std::size_t size) noexcept {
  shared_.counters().messages_in.add();
  shared_.counters().bytes_in.add(size);
}

void WebSocketApp::Run::on_fragment(const Fragment& fragment) {
  if (stop_request_) return;
  count_received(fragment.payload.size());
  guarded([&] { app_.on_data(fragment.payload, fragment.opcode, fragment.fin); });
  if (!stop_request_) guarded([&] { app_.on_cont_message(fragment); });
}

void WebSocketApp::Run::ChannelHandler::on_ping(Bytes payload) {
  if (!run->stop_request_) run->guarded([&] { run->app_.on_ping(payload); });
}

void WebSocketApp::Run::ChannelHandler::on_pong(Bytes payload) {
  run->count_pong();
  if (!run->stop_request_) run->guarded([&] { run->app_.on_pong(payload); });
}

void WebSocketApp::Run::ChannelHandler::on_ping_sent() {
  run->ping_sent_ = run->loop_.now();
  run->shared_.set_ping(run->loop_.now());
}

/// The first pong behind a keep-alive ping answers it.
void WebSocketApp::Run::count_pong() noexcept {
  const TimePoint now = loop_.now();
  shared_.set_pong(now);
  const auto ping = std::exchange(ping_sent_, std::nullopt);
  if (!ping) return;
  const std::chrono::nanoseconds time = now - *ping;
  shared_.counters().round_trip.store(std::max<std::int64_t>(time.count(), 1),
                                      std::memory_order_relaxed);
}

void WebSocketApp::Run::on_backlog(std::size_t unsent) {
  (void)remote_.set_unsent(account_, unsent);
  trim_.note_held(remote_.total());
  shared_.tell_room();
}

/// Lowers the unsent bytes that other threads see. send_granted() raises them before the kernel is
/// asked, and the channel calls on_backlog() only if the backlog has changed.
void WebSocketApp::Run::on_written(std::size_t size) {
  shared_.counters().bytes_out.add(size);
  const std::size_t told = account_.unsent.load(std::memory_order_relaxed);
  if (told > 0) on_backlog(told - std::min(told, size));
}

std::optional<net::ReceiveTime> WebSocketApp::Run::received_at() const noexcept {
  return channel_ ? channel_->received_at() : std::nullopt;
}

std::size_t WebSocketApp::Run::unsent() const noexcept {
  return shared_.kept() + (channel_ ? channel_->unsent_bytes() + account_.on_its_way() : 0);
}

}  // namespace wirespan
