// app_shared.cpp - the state of a WebSocketApp under its mutex, and senders that wait for room.
#include <new>
#include <string>
#include <utility>

#include <wirespan/app/client/app_shared.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/frame.hpp>
#include <wirespan/core/time.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {
// For the run, on its thread.

bool WebSocketApp::Shared::begin_run(Run& run, RunPort& port, net::Remote& remote,
                                     net::RemoteAccount& account, const AppOptions& options) {
  const Lock lock(mutex_);
  if (remote_ != nullptr) return false;
  keeps_while_down_ = is_keeping_ = options.while_down == WhileDown::keep;
  down_limit_ = options.down_limit;
  remote_ = &remote;
  account_ = &account;
  run_ = &run;
  port_ = &port;
  thread_ = std::this_thread::get_id();
  keep_running_ = true;
  errored_ = owes_drain_ = false;
  last_ping_.reset();
  last_pong_.reset();
  return true;
}

void WebSocketApp::Shared::own_run(std::shared_ptr<Run> run) noexcept {
  const Lock lock(mutex_);
  owned_ = std::move(run);
  thread_ = std::thread::id();
}

void WebSocketApp::Shared::begin_turns() noexcept { thread_ = std::this_thread::get_id(); }

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
  thread_ = std::thread::id();
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

std::optional<net::MessageLog::Message> WebSocketApp::Shared::next_kept() noexcept {
  const Lock lock(mutex_);
  if (!given_back_.empty()) return given_back_.front();
  if (!kept_.empty()) return kept_.front();
  is_keeping_ = false;
  return std::nullopt;
}

void WebSocketApp::Shared::pop_kept() noexcept {
  const Lock lock(mutex_);
  net::MessageLog& log = given_back_.empty() ? kept_ : given_back_;
  kept_payload_ -= log.front().payload.size();
  log.pop();
}

bool WebSocketApp::Shared::give_back(const Message& message) noexcept {
  const Lock lock(mutex_);
  if (!keeps_while_down_ || !keep_running_ || is_control(message.opcode)) return false;
  try {
    given_back_.push(message);
  } catch (const std::bad_alloc&) {
    return false;
  }
  kept_payload_ += message.payload.size();
  return true;
}

std::size_t WebSocketApp::Shared::kept() const noexcept {
  const Lock lock(mutex_);
  return kept_payload_;
}

std::size_t WebSocketApp::Shared::drop_kept() noexcept {
  const Lock lock(mutex_);
  given_back_.clear();
  kept_.clear();
  return std::exchange(kept_payload_, 0);
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
  return thread_.load() == std::this_thread::get_id();
}

// For any thread.

/// True if a message may be handed over: after close() it may not, although the closing handshake
/// may be under way.
bool WebSocketApp::Shared::accepts() const noexcept { return open_ && keep_running_; }

/// True if a message of this kind has to be kept. Pings and pongs are about one connection.
bool WebSocketApp::Shared::keeps(Opcode opcode) const noexcept {
  return is_keeping_ && keep_running_ && !is_control(opcode);
}

bool WebSocketApp::Shared::has_room_to_keep(std::size_t payload_size) const noexcept {
  const std::size_t messages = given_back_.size() + kept_.size();
  const std::size_t held = kept_payload_ + messages * net::MessageLog::overhead;
  const std::size_t size = payload_size + net::MessageLog::overhead;
  return held <= down_limit_ && size <= down_limit_ - held;
}

void WebSocketApp::Shared::push_kept(Opcode opcode, Bytes payload, Compress compress) {
  kept_.push({.opcode = opcode, .compress = compress, .payload = payload});
  kept_payload_ += payload.size();
}

void WebSocketApp::Shared::keep(Opcode opcode, Bytes payload, Compress compress) {
  if (!has_room_to_keep(payload.size())) {
    throw_for(Errc::send_queue_full, "send of " + std::to_string(payload.size()) +
                                         " bytes without a connection, down_limit " +
                                         std::to_string(down_limit_));
  }
  push_kept(opcode, payload, compress);
}

void WebSocketApp::Shared::wait_for_room(Lock& lock, std::optional<TimePoint> deadline) {
  if (!deadline) {
    room_.wait(lock);
  } else if (room_.wait_until(lock, *deadline) == std::cv_status::timeout) {
    throw_for(Errc::send_timeout, "send");
  }
}

void WebSocketApp::Shared::post_frame(Opcode opcode, Bytes payload, Compress compress) {
  Lock lock(mutex_);
  std::optional<TimePoint> deadline;
  if (const auto timeout = getdefaulttimeout()) {
    deadline = std::chrono::steady_clock::now() + bounded(*timeout);
  }
  while (true) {
    if (keeps(opcode)) return keep(opcode, payload, compress);
    if (!accepts()) throw_for(Errc::not_open, "send");
    const std::uint32_t generation = account_->generation.load(std::memory_order_relaxed);
    const auto error = remote_->send(*account_, generation, 0, opcode, payload, compress);
    if (!error) return;
    if (error != Errc::send_queue_full) throw_for(error, "send");
    wait_for_room(lock, deadline);
  }
}

SendResult WebSocketApp::Shared::try_send(Opcode opcode, Bytes payload,
                                          Compress compress) noexcept {
  const bool is_ping = opcode == Opcode::ping || opcode == Opcode::pong;
  if (!is_ping && opcode != Opcode::text && opcode != Opcode::binary) {
    return Errc::unsupported_frame;
  }
  if (is_ping && payload.size() > max_control_payload) return Errc::control_too_long;
  try {
    if (on_run_thread() && port_->is_connected()) return port_->try_send(opcode, payload, compress);
    if (opcode == Opcode::text && !is_valid_utf8(payload)) return Errc::invalid_text;
    return try_post(opcode, payload, compress);
  } catch (const std::bad_alloc&) {
    return make_error_code(std::errc::not_enough_memory);
  }
}

/// A refusal makes on_drain due: the run is told once, or finds it when the next connection has
/// taken the messages that were kept.
SendResult WebSocketApp::Shared::try_post(Opcode opcode, Bytes payload, Compress compress) {
  const Lock lock(mutex_);
  if (keeps(opcode)) {
    if (!has_room_to_keep(payload.size())) {
      owes_drain_ = true;
      return Errc::send_queue_full;
    }
    push_kept(opcode, payload, compress);
    return SendResult::Outcome::queued;
  }
  if (!accepts()) return Errc::not_open;
  const std::uint32_t generation = account_->generation.load(std::memory_order_relaxed);
  const auto error = remote_->send(*account_, generation, 0, opcode, payload, compress);
  if (!error) return SendResult::Outcome::queued;
  if (error == Errc::send_queue_full && !owes_drain_) {
    owes_drain_ = remote_->post([this] {
      if (port_ != nullptr) port_->owe_drain();
    });
  }
  return error;
}

void WebSocketApp::Shared::note_refused() noexcept {
  const Lock lock(mutex_);
  owes_drain_ = true;
}

bool WebSocketApp::Shared::owes_drain() const noexcept {
  const Lock lock(mutex_);
  return owes_drain_;
}

void WebSocketApp::Shared::settle_drain() noexcept {
  const Lock lock(mutex_);
  owes_drain_ = false;
}

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
  return kept_payload_ + (open_ ? remote_->buffered(*account_) : 0);
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
