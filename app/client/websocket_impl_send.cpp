// WebSocket::Impl: what is sent, and the way to the kernel.
#include <utility>

#include <wirespan/app/client/websocket_impl.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/net/session_io.hpp>

namespace wirespan {

/// Bytes of small messages that are gathered for one write: what fits the kernel's usual buffer.
constexpr std::size_t written_together = std::size_t{64} << 10;

std::size_t WebSocket::Impl::send(Opcode opcode, Bytes payload, bool fin, Compress compress) {
  Lock lock(mutex_);
  const Deadline deadline = deadline_after(options_.timeout);
  require_open();
  make_room(lock, payload.size(), deadline);
  const std::size_t before = session_->unsent_bytes();
  throw_misuse(session_->send(opcode, payload, {.fin = fin, .compress = compress}), "send");
  const std::size_t size = session_->unsent_bytes() - before;
  flush_all(lock, deadline);
  return size;
}

std::size_t WebSocket::Impl::send_many(Opcode opcode, std::span<const std::string_view> payloads,
                                       std::size_t& queued) {
  if (is_control(opcode)) throw_for(Errc::unsupported_frame, "send_many");
  Lock lock(mutex_);
  const Deadline deadline = deadline_after(options_.timeout);
  require_open();
  std::size_t size = 0;
  for (const std::string_view payload : payloads) {
    if (session_->unsent_bytes() >= written_together) (void)flush();
    make_room(lock, payload.size(), deadline);
    const std::size_t before = session_->unsent_bytes();
    if (const auto error = session_->send(opcode, wire_bytes(payload))) {
      flush_all(lock, deadline);
      throw_misuse(error, "send_many");
    }
    size += session_->unsent_bytes() - before;
    ++queued;
  }
  flush_all(lock, deadline);
  return size;
}

std::size_t WebSocket::Impl::send_control(Opcode opcode, Bytes payload) {
  Lock lock(mutex_);
  const Deadline deadline = deadline_after(options_.timeout);
  require_open();
  make_room(lock, payload.size(), deadline);
  const std::size_t before = session_->unsent_bytes();
  throw_misuse(session_->send_control(opcode, payload), opcode == Opcode::ping ? "ping" : "pong");
  const std::size_t size = session_->unsent_bytes() - before;
  flush_all(lock, deadline);
  return size;
}

void WebSocket::Impl::require_open() const {
  if (session_ && !session_->over()) return;
  const std::error_code error = close_code_ ? Errc::connection_closed : Errc::not_open;
  if (!close_code_) throw WebSocketConnectionClosedException(error, "the connection is closed");
  throw WebSocketConnectionClosedException(error, "the connection is closed", *close_code_,
                                           close_reason_);
}

void WebSocket::Impl::throw_misuse(std::error_code error, const char* what) {
  if (error == Errc::no_mask_key && mask_failure_) {
    std::rethrow_exception(std::exchange(mask_failure_, nullptr));
  }
  if (error) throw_for(error, what);
}

/// A message that finds nothing before it may be of any size. If there is no room in time, the
/// error is send_queue_full: unlike after send_timeout, nothing of the message was queued.
void WebSocket::Impl::make_room(Lock& lock, std::size_t size, Deadline deadline) {
  while (session_->unsent_bytes() > 0 && !session_->has_room(size)) {
    flush_all(lock, deadline, Errc::send_queue_full);
  }
}

/// Returns when all that is in the output now is with the kernel; what others append meanwhile is
/// their business.
void WebSocket::Impl::flush_all(Lock& lock, Deadline deadline, Errc timeout) {
  const std::uint64_t end = written_ + session_->unsent_bytes();
  while (true) {
    const net::IoStatus status = flush();
    if (written_ >= end) return;
    if (session_->write_has_failed()) throw_for(session_->write_error(), "send");
    const bool wants_read = status == net::IoStatus::want_read;
    wait(lock, wants_read ? net::Interest::read : net::Interest::write, deadline, timeout);
    require_open();
  }
}

/// Writes what the kernel takes, and lets the session draw its conclusions.
net::IoStatus WebSocket::Impl::flush() {
  net::IoStatus status = net::IoStatus::ok;
  if (session_->phase() == net::Session::Phase::open) {
    const bool had_backlog = session_->has_backlog();
    status = net::write_waiting(
        *session_, *transport_, [this] { return network_.now(); },
        [this](std::size_t size) { written_ += size; });
    (void)session_->end_of_write(had_backlog);
  }
  session_->settle(network_.now());
  return status;
}

}  // namespace wirespan
