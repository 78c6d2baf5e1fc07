// websocket_impl_send.cpp - the blocking client's sending: admission, batches, writing.
#include <utility>

#include <wirespan/app/client/websocket_impl.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan {

/// Bytes that send_many() gathers before it writes; that much fits the kernel's usual send buffer.
constexpr std::size_t written_together = std::size_t{64} << 10;

namespace {

const char* name_of(Opcode opcode) noexcept {
  if (opcode == Opcode::ping) return "ping";
  return opcode == Opcode::pong ? "pong" : "send";
}

}  // namespace

std::size_t WebSocket::Impl::send(Opcode opcode, Bytes payload, bool fin, Compress compress) {
  Lock lock(mutex_);
  const Deadline deadline = deadline_after(options_.timeout);
  require_open();
  std::size_t size = 0;
  throw_misuse(append(lock, opcode, payload, {.fin = fin, .compress = compress}, deadline, size),
               name_of(opcode));
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
    if (session_->unsent_bytes() >= written_together) flush();
    if (const auto error = append(lock, opcode, wire_bytes(payload), {}, deadline, size)) {
      flush_all(lock, deadline);
      throw_misuse(error, "send_many");
    }
    ++queued;
  }
  flush_all(lock, deadline);
  return size;
}

/// Queues a message, once there is room. Adds to `size` the bytes of its frame on the wire.
std::error_code WebSocket::Impl::append(Lock& lock, Opcode opcode, Bytes payload,
                                        const net::SendHow& how, Deadline deadline,
                                        std::size_t& size) {
  make_room(lock, payload.size(), deadline);
  const std::size_t before = session_->unsent_bytes();
  const auto error = session_->send(opcode, payload, how);
  if (!error) size += session_->unsent_bytes() - before;
  return error;
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

/// Waits until the session has room for `size` bytes. With an empty queue a message may be of any
/// size. Throws Errc::send_queue_full at the deadline: unlike after send_timeout, nothing of the
/// message was queued.
void WebSocket::Impl::make_room(Lock& lock, std::size_t size, Deadline deadline) {
  while (session_->unsent_bytes() > 0 && !session_->has_room(size)) {
    flush_all(lock, deadline, Errc::send_queue_full);
  }
}

/// Returns when the kernel has taken all bytes that are unsent at the call; bytes that other
/// threads append meanwhile are not waited for.
void WebSocket::Impl::flush_all(Lock& lock, Deadline deadline, Errc timeout) {
  const std::uint64_t end = written_ + session_->unsent_bytes();
  while (true) {
    flush();
    if (written_ >= end) return;
    if (session_->write_has_failed()) throw_for(session_->write_error(), "send");
    wait(lock, io_.output_interest(), deadline, timeout);
    require_open();
  }
}

/// Writes until nothing is unsent or the kernel takes no more, then settles the session.
void WebSocket::Impl::flush() {
  if (session_->phase() == net::Session::Phase::open) {
    (void)io_.write(
        *session_, *transport_, [this] { return network_.now(); },
        [this](std::size_t size) { written_ += size; });
  }
  session_->settle(network_.now());
}

}  // namespace wirespan
