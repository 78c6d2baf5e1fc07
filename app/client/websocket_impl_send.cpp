// WebSocket::Impl: what is sent, and the way to the kernel.
#include <utility>

#include <wirespan/app/client/websocket_impl.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan {

/// Bytes of small messages that are gathered for one write: what fits the kernel's usual buffer.
constexpr std::size_t written_together = std::size_t{64} << 10;

std::size_t WebSocket::Impl::send(Opcode opcode, Bytes payload, bool fin, Compress compress) {
  Lock lock(mutex_);
  const Deadline deadline = deadline_after(options_.timeout);
  require_open();
  make_room(lock, payload.size(), deadline);
  const std::size_t before = connection_->output().size();
  throw_misuse(connection_->send(opcode, payload, fin, compress), "send");
  const std::size_t size = connection_->output().size() - before;
  flush_all(lock, deadline);
  return size;
}

std::size_t WebSocket::Impl::send_many(Opcode opcode, std::span<const std::string_view> payloads,
                                       std::size_t& queued) {
  Lock lock(mutex_);
  const Deadline deadline = deadline_after(options_.timeout);
  require_open();
  std::size_t size = 0;
  for (const std::string_view payload : payloads) {
    if (connection_->output().size() >= written_together) (void)try_flush();
    make_room(lock, payload.size(), deadline);
    const std::size_t before = connection_->output().size();
    if (const auto error = connection_->send(opcode, wire_bytes(payload))) {
      flush_all(lock, deadline);
      throw_misuse(error, "send_many");
    }
    size += connection_->output().size() - before;
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
  const std::size_t before = connection_->output().size();
  const bool is_ping = opcode == Opcode::ping;
  const auto error = is_ping ? connection_->ping(payload) : connection_->pong(payload);
  throw_misuse(error, is_ping ? "ping" : "pong");
  const std::size_t size = connection_->output().size() - before;
  flush_all(lock, deadline);
  return size;
}

void WebSocket::Impl::require_open() const {
  if (connection_) return;
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
  while (!connection_->output().empty() &&
         connection_->output().size() + size > limits::send_hard_limit) {
    flush_all(lock, deadline, Errc::send_queue_full);
  }
}

/// Returns when all that is in the output now is with the kernel; what others append meanwhile is
/// their business.
void WebSocket::Impl::flush_all(Lock& lock, Deadline deadline, Errc timeout) {
  const std::uint64_t end = written_ + connection_->output().size();
  while (true) {
    const net::IoStatus status = try_flush();
    if (written_ >= end) return;
    if (write_error_) throw_for(write_error_, "send");
    const bool wants_read = status == net::IoStatus::want_read;
    wait(lock, wants_read ? net::Interest::read : net::Interest::write, deadline, timeout);
    require_open();
  }
}

/// Writes what the kernel takes. A failure is noted: what the peer has sent may still be read.
net::IoStatus WebSocket::Impl::try_flush() {
  ByteBuffer& output = connection_->output();
  while (!output.empty() && !write_error_) {
    const net::IoResult result = transport_->write_some(output.data());
    if (result.status == net::IoStatus::error) write_error_ = result.error;
    output.consume(result.bytes);
    written_ += result.bytes;
    if (!output.empty()) {
      connection_->set_output_blocked(true);
      return result.is_ok() ? net::IoStatus::want_write : result.status;
    }
    connection_->set_output_blocked(false);  // which may append a pong that was held back
  }
  return net::IoStatus::ok;
}

}  // namespace wirespan
