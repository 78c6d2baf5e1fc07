// app_calls.cpp - WebSocketApp's public calls: to the run on its thread, else through Shared.
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <wirespan/app/client/app_run.hpp>
#include <wirespan/app/client/app_shared.hpp>
#include <wirespan/app/log.hpp>
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {

WebSocketApp::WebSocketApp(std::string url, AppHandlers handlers, AppOptions options)
    : url_(std::move(url)),
      handlers_(std::move(handlers)),
      options_(std::move(options)),
      shared_(std::make_shared<Shared>(options_.keep_running)) {}

WebSocketApp::~WebSocketApp() {
  if (const auto run = shared_->owned_run()) run->abandon();
}

RunResult WebSocketApp::run_forever(const RunOptions& options, const std::stop_token& stop) {
  std::optional<Run> run;
  try {
    run.emplace(*this, options);
  } catch (const WebSocketException&) {
    throw;
  } catch (const std::system_error& error) {  // no file descriptor left for the event loop
    throw WebSocketException(error.code(), "run_forever");
  }
  return run->run(stop);
}

void WebSocketApp::start(net::EventLoop& loop, const RunOptions& options, RunEnded on_ended) {
  Run::start(std::make_shared<Run>(*this, options, &loop), std::move(on_ended));
}

void WebSocketApp::send(std::string_view payload, Opcode opcode, Compress compress) {
  shared_->send({.opcode = opcode, .compress = compress, .payload = wire_bytes(payload)});
}

void WebSocketApp::send(std::string_view payload, std::string_view key, Opcode opcode) {
  shared_->send({.opcode = opcode, .payload = wire_bytes(payload), .key = key});
}

SendResult WebSocketApp::try_send(std::string_view payload, Opcode opcode,
                                  Compress compress) noexcept {
  return shared_->try_send(
      {.opcode = opcode, .compress = compress, .payload = wire_bytes(payload)});
}

SendResult WebSocketApp::try_send(std::string_view payload, std::string_view key,
                                  Opcode opcode) noexcept {
  return shared_->try_send({.opcode = opcode, .payload = wire_bytes(payload), .key = key});
}

AppHandle WebSocketApp::handle() const noexcept { return AppHandle(shared_); }
void WebSocketApp::pause() { shared_->post_pause(true); }
void WebSocketApp::resume() { shared_->post_pause(false); }
AppMetrics WebSocketApp::metrics() const noexcept { return shared_->counters().snapshot(); }

void WebSocketApp::send_bytes(Bytes payload, Compress compress) {
  send(wire_text(payload), Opcode::binary, compress);
}
void WebSocketApp::ping(std::string_view payload) { send(payload, Opcode::ping); }
void WebSocketApp::pong(std::string_view payload) { send(payload, Opcode::pong); }

void WebSocketApp::close(CloseCode status, std::string_view reason,
                         std::chrono::milliseconds timeout) {
  if (const auto error = check_close(Role::client, status, reason)) {
    throw_for(error, describe_close("close", status, reason));
  }
  CloseRequest request{.status = status, .reason = std::string(reason), .timeout = timeout};
  shared_->close(std::move(request));
}

bool WebSocketApp::keep_running() const noexcept { return shared_->keep_running(); }

void WebSocketApp::keep_running(bool run) {
  if (!run) close();
}

bool WebSocketApp::ready() const noexcept { return shared_->is_open(); }
std::string WebSocketApp::subprotocol() const { return shared_->agreement().subprotocol; }
Headers WebSocketApp::headers() const { return shared_->agreement().headers; }
std::optional<DeflateParameters> WebSocketApp::compression() const {
  return shared_->agreement().deflate;
}
int WebSocketApp::status() const noexcept { return shared_->status(); }
int WebSocketApp::fileno() const noexcept { return shared_->fileno(); }

std::optional<net::ReceiveTime> WebSocketApp::received_at() const noexcept {
  return shared_->on_run_thread() ? shared_->run()->received_at() : std::nullopt;
}

std::size_t WebSocketApp::buffered_amount() const noexcept { return handle().buffered_amount(); }

std::optional<TimePoint> WebSocketApp::last_ping_tm() const noexcept {
  return shared_->last_ping();
}
std::optional<TimePoint> WebSocketApp::last_pong_tm() const noexcept {
  return shared_->last_pong();
}
bool WebSocketApp::has_errored() const noexcept { return shared_->has_errored(); }

void WebSocketApp::on_open() { handlers_.on_open(*this); }

void WebSocketApp::on_reconnect() {
  if (handlers_.on_reconnect) {
    handlers_.on_reconnect(*this);
  } else {
    on_open();
  }
}

void WebSocketApp::on_message(const Message& message) { handlers_.on_message(*this, message); }

void WebSocketApp::on_error(const std::exception& error) {
  if (handlers_.on_error) {
    handlers_.on_error(*this, error);
  } else {
    log(LogLevel::error, std::string("WebSocketApp: ") + error.what());
  }
}

void WebSocketApp::on_close(std::optional<CloseCode> code, std::string_view reason) {
  handlers_.on_close(*this, code, reason);
}

void WebSocketApp::on_ping(Bytes payload) { handlers_.on_ping(*this, payload); }
void WebSocketApp::on_pong(Bytes payload) { handlers_.on_pong(*this, payload); }

void WebSocketApp::on_cont_message(const Fragment& fragment) {
  handlers_.on_cont_message(*this, fragment);
}

void WebSocketApp::on_data(Bytes data, Opcode type, bool fin) {
  handlers_.on_data(*this, data, type, fin);
}

void WebSocketApp::on_drain() { handlers_.on_drain(*this); }

SendResult AppHandle::send(std::string_view payload, Opcode opcode,
                           Compress compress) const noexcept {
  if (!shared_) return Errc::not_open;
  return shared_->try_send(
      {.opcode = opcode, .compress = compress, .payload = wire_bytes(payload)});
}

SendResult AppHandle::send(std::string_view payload, std::string_view key,
                           Opcode opcode) const noexcept {
  if (!shared_) return Errc::not_open;
  return shared_->try_send({.opcode = opcode, .payload = wire_bytes(payload), .key = key});
}

std::error_code AppHandle::close(CloseCode status, std::string_view reason,
                                 std::chrono::milliseconds timeout) const noexcept {
  if (!shared_ || !shared_->keep_running()) return Errc::not_open;
  if (const auto error = check_close(Role::client, status, reason)) return error;
  try {
    shared_->close({.status = status, .reason = std::string(reason), .timeout = timeout});
    return {};
  } catch (const std::bad_alloc&) {
    return make_error_code(std::errc::not_enough_memory);
  }
}

bool AppHandle::ready() const noexcept { return shared_ && shared_->is_open(); }

std::size_t AppHandle::buffered_amount() const noexcept {
  if (!shared_) return 0;
  return shared_->on_run_thread() ? shared_->run()->unsent() : shared_->unsent();
}

}  // namespace wirespan
