// app_shared.cpp - the state of a WebSocketApp under its mutex, and senders that wait for room.
#include <string>
#include <utility>

#include <wirespan/app/client/app_shared.hpp>

namespace wirespan {
// For the run, on its thread.

bool WebSocketApp::Shared::begin_run(Run& run, RunPort& port, net::Remote& remote,
                                     net::RemoteAccount& account, const AppOptions& options) {
  const Lock lock(mutex_);
  if (remote_ != nullptr) return false;
  keeps_while_down_ = is_keeping_ = options.while_down == WhileDown::keep;
  down_limit_ = options.down_limit;
  makes_room_ = options.overflow == Overflow::drop_oldest;
  remote_ = &remote;
  account_ = &account;
  run_ = &run;
  port_ = &port;
  thread_ = net::current_thread();
  keep_running_ = true;
  errored_ = owes_drain_ = false;
  last_ping_.reset();
  last_pong_.reset();
  return true;
}

void WebSocketApp::Shared::own_run(std::shared_ptr<Run> run) noexcept {
  const Lock lock(mutex_);
  owned_ = std::move(run);
  thread_ = nullptr;
}

void WebSocketApp::Shared::begin_turns() noexcept { thread_ = net::current_thread(); }

std::shared_ptr<WebSocketApp::Run> WebSocketApp::Shared::owned_run() const noexcept {
  const Lock lock(mutex_);
  return owned_;
}

std::shared_ptr<WebSocketApp::Run> WebSocketApp::Shared::end_run() noexcept {
  const Lock lock(mutex_);
  remote_ = nullptr;
  account_ = nullptr;
  run_ = nullptr;
  port_ = nullptr;
  thread_ = nullptr;
  keep_running_ = false;
  is_keeping_ = false;
  return std::move(owned_);
}

void WebSocketApp::Shared::begin_connection(const Agreement& agreement, int status, int fd) {
  const Lock lock(mutex_);
  agreement_ = agreement;
  status_ = status;
  fd_ = fd;
  open_ = true;
}

void WebSocketApp::Shared::end_connection() noexcept {
  const Lock lock(mutex_);
  open_ = false;
  is_keeping_ = keeps_while_down_;
  fd_ = -1;
  room_.notify_all();
}

void WebSocketApp::Shared::tell_room() noexcept {
  const Lock lock(mutex_);
  room_.notify_all();
}

void WebSocketApp::Shared::set_ping(TimePoint when) noexcept {
  const Lock lock(mutex_);
  last_ping_ = when;
}

void WebSocketApp::Shared::set_pong(TimePoint when) noexcept {
  const Lock lock(mutex_);
  last_pong_ = when;
}

void WebSocketApp::Shared::set_errored() noexcept {
  const Lock lock(mutex_);
  errored_ = true;
}

void WebSocketApp::Shared::set_stopping() noexcept {
  const Lock lock(mutex_);
  keep_running_ = false;
  room_.notify_all();
}

bool WebSocketApp::Shared::on_run_thread() const noexcept {
  return thread_.load() == net::current_thread();
}

// For any thread.

void WebSocketApp::Shared::post_pause(bool paused) {
  if (on_run_thread()) return port_->pause(paused);
  const Lock lock(mutex_);
  if (remote_ == nullptr) return;
  remote_->post([this, paused] {
    if (port_ != nullptr) port_->pause(paused);
  });
}

void WebSocketApp::Shared::post_close(CloseRequest request) {
  const Lock lock(mutex_);
  if (remote_ == nullptr) return;
  keep_running_ = false;
  room_.notify_all();
  remote_->post([this, request = std::move(request)] {
    if (port_ != nullptr) port_->stop(request);
  });
}

void WebSocketApp::Shared::close(CloseRequest request) {
  if (on_run_thread() && !port_->is_amid_frame()) return port_->stop(request);
  post_close(std::move(request));
}

bool WebSocketApp::Shared::keep_running() const noexcept {
  const Lock lock(mutex_);
  return keep_running_;
}

bool WebSocketApp::Shared::is_open() const noexcept {
  const Lock lock(mutex_);
  return open_;
}

bool WebSocketApp::Shared::has_errored() const noexcept {
  const Lock lock(mutex_);
  return errored_;
}

Agreement WebSocketApp::Shared::agreement() const {
  const Lock lock(mutex_);
  return agreement_;
}

int WebSocketApp::Shared::status() const noexcept {
  const Lock lock(mutex_);
  return status_;
}

int WebSocketApp::Shared::fileno() const noexcept {
  const Lock lock(mutex_);
  return fd_;
}

std::size_t WebSocketApp::Shared::unsent() const noexcept {
  const Lock lock(mutex_);
  return kept_payload() + (open_ ? remote_->buffered(*account_) : 0);
}

std::optional<TimePoint> WebSocketApp::Shared::last_ping() const noexcept {
  const Lock lock(mutex_);
  return last_ping_;
}

std::optional<TimePoint> WebSocketApp::Shared::last_pong() const noexcept {
  const Lock lock(mutex_);
  return last_pong_;
}

}  // namespace wirespan
