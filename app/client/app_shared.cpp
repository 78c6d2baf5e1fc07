#include <cstring>
#include <utility>

#include <wirespan/app/client/app_shared.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/time.hpp>

namespace wirespan {
namespace {

/// Stands before each payload in the outbox.
struct RecordHead {
  std::uint64_t size = 0;
  Opcode opcode = Opcode::text;
  Compress compress = Compress::if_agreed;
};

RecordHead head_at(const std::byte* place) noexcept {
  RecordHead head;
  std::memcpy(&head, place, sizeof head);
  return head;
}

}  // namespace

void Outbox::push(Opcode opcode, Bytes payload, Compress compress) {
  RecordHead head{.size = payload.size(), .opcode = opcode, .compress = compress};
  const auto* bytes = reinterpret_cast<const std::byte*>(&head);
  const std::size_t before = bytes_.size();
  try {
    bytes_.insert(bytes_.end(), bytes, bytes + sizeof head);
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
  } catch (...) {
    bytes_.resize(before);
    throw;
  }
}

std::optional<Outbox::Record> Outbox::front() const noexcept {
  if (empty()) return std::nullopt;
  const RecordHead head = head_at(bytes_.data() + next_);
  return Record{
      .opcode = head.opcode,
      .compress = head.compress,
      .payload = Bytes(bytes_).subspan(next_ + sizeof head, static_cast<std::size_t>(head.size))};
}

void Outbox::pop() noexcept {
  next_ += sizeof(RecordHead) + static_cast<std::size_t>(head_at(bytes_.data() + next_).size);
  if (empty()) clear();
}

void Outbox::clear() noexcept {
  bytes_.clear();
  next_ = 0;
  // A burst should not hold its memory for ever.
  if (bytes_.capacity() > limits::send_high_watermark) bytes_.shrink_to_fit();
}

void Outbox::swap(Outbox& other) noexcept {
  bytes_.swap(other.bytes_);
  std::swap(next_, other.next_);
}

// The run's side.

bool WebSocketApp::Shared::begin_run(Run& run, RunPort& port, std::shared_ptr<net::Mailbox> mailbox,
                                     std::size_t send_hard_limit) {
  const Lock lock(mutex_);
  if (mailbox_) return false;
  mailbox_ = std::move(mailbox);
  run_ = &run;
  port_ = &port;
  thread_ = std::this_thread::get_id();
  send_hard_limit_ = send_hard_limit;
  keep_running_ = true;
  errored_ = false;
  last_ping_.reset();
  last_pong_.reset();
  return true;
}

void WebSocketApp::Shared::end_run() noexcept {
  const Lock lock(mutex_);
  mailbox_.reset();
  run_ = nullptr;
  port_ = nullptr;
  thread_ = std::thread::id();
  keep_running_ = false;
}

void WebSocketApp::Shared::begin_connection(const Agreement& agreement, int status, int fd) {
  const Lock lock(mutex_);
  agreement_ = agreement;
  status_ = status;
  fd_ = fd;
  open_ = true;
  backlog_ = 0;
}

/// Frees the senders that wait: for them the connection is closed. What is in the outbox stays for
/// the run to count.
void WebSocketApp::Shared::end_connection() noexcept {
  const Lock lock(mutex_);
  open_ = false;
  fd_ = -1;
  backlog_ = 0;
  room_.notify_all();
}

void WebSocketApp::Shared::take_outbox(Outbox& into) noexcept {
  const Lock lock(mutex_);
  outbox_.swap(into);
  room_.notify_all();
}

void WebSocketApp::Shared::set_backlog(std::size_t bytes) noexcept {
  const Lock lock(mutex_);
  backlog_ = bytes;
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

// Everybody's side.

/// After close() nothing more is taken, although the handshake may still be under way.
bool WebSocketApp::Shared::accepts() const noexcept { return open_ && keep_running_; }

bool WebSocketApp::Shared::has_room(std::size_t size) const noexcept {
  const std::size_t unsent = outbox_.size() + backlog_;
  return unsent == 0 || (unsent <= send_hard_limit_ && size <= send_hard_limit_ - unsent);
}

void WebSocketApp::Shared::wait_for_room(Lock& lock, std::size_t size) {
  const auto may_go_on = [&] { return !accepts() || has_room(size); };
  const auto timeout = getdefaulttimeout();
  if (!timeout) {
    room_.wait(lock, may_go_on);
  } else if (!room_.wait_for(lock, bounded(*timeout), may_go_on)) {
    throw_for(Errc::send_timeout, "send");
  }
}

void WebSocketApp::Shared::post_frame(Opcode opcode, Bytes payload, Compress compress) {
  Lock lock(mutex_);
  wait_for_room(lock, payload.size());
  if (!accepts()) throw_for(Errc::not_open, "send");
  const bool first = outbox_.empty();
  outbox_.push(opcode, payload, compress);
  if (!first) return;  // the task that is on its way will find it
  mailbox_->post([this] {
    if (port_ != nullptr) port_->drain_outbox();
  });
}

void WebSocketApp::Shared::post_close(CloseRequest request) {
  const Lock lock(mutex_);
  if (!mailbox_) return;
  keep_running_ = false;
  room_.notify_all();
  mailbox_->post([this, request = std::move(request)] {
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
  return outbox_.size() + backlog_;
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
