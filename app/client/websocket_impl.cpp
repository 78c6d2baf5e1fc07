// websocket_impl.cpp - the blocking client: every call of a user, step by step.
#include <algorithm>
#include <system_error>
#include <utility>

#include <wirespan/app/client/blocking_dial.hpp>
#include <wirespan/app/client/websocket_impl.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan {
namespace {

/// Bytes of one read, and what send_many() gathers for one write: the kernel's usual buffer.
constexpr std::size_t buffer_size = std::size_t{64} << 10;

const char* name_of(Opcode opcode) noexcept {
  if (opcode == Opcode::ping) return "ping";
  return opcode == Opcode::pong ? "pong" : "send";
}

}  // namespace

WebSocket::Impl::Impl(ConnectOptions options)
    : options_(std::move(options)), compression_(options_.compression) {
  if (!options_.timeout) options_.timeout = getdefaulttimeout();
  options_.busy_poll = bounded_busy_poll(options_.busy_poll);
}

WebSocket::Impl::~Impl() {
  if (options_.socket >= 0) network_.close(options_.socket);  // owned, and never used
}

// Connecting.

void WebSocket::Impl::connect(const std::string& url) {
  if (facts().connected) throw_for(Errc::already_open, "connect");
  open(dial_and_wait(url, options_, network_));
}

void WebSocket::Impl::open(Dialed dialed) {
  guarded([&](Lock&) {
    dispose();
    connection_options_ = std::make_shared<ConnectionOptions>();
    connection_options_->receive = {.max_message_size = options_.max_message_size,
                                    .max_fragments = options_.max_message_fragments,
                                    .validate_utf8 = !options_.skip_utf8_validation};
    connection_options_->mask_source = mask_keys_.source();
    connection_options_->blocks = &pool_.source();
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(buffer_size);
    transport_.emplace(std::move(dialed.transport));
    session_.emplace(Connection(Role::client, connection_options_,
                                compression_.codec(Role::client, dialed.agreement)),
                     session_options_, queues_, net::gathers(*transport_), network_.now());
    agreement_ = std::move(dialed.agreement);
    status_ = dialed.status;
    unread_ = std::move(dialed.unread);
    if (!unread_.empty()) session_->received(unread_, network_.now(), false);
    io_ = {};
    written_ = 0;
    socket_emptied_ = false;
    peer_close_.forget();
  });
}

// Waiting.

/// Waits in poll(), unlocked, until the socket is ready, a deadline comes, or another thread ends
/// the connection. Throws WebSocketTimeoutException with `timeout` if `deadline` has passed
/// already.
void WebSocket::Impl::wait(Lock& lock, net::Interest interest, Deadline deadline, Errc timeout) {
  if (deadline && network_.now() >= *deadline) {
    throw WebSocketTimeoutException(make_error_code(timeout), "waiting for the peer");
  }
  Deadline until = session_->deadline();
  if (deadline) until = until ? std::min(*until, *deadline) : deadline;
  waiters_.wait(lock, transport_->fd(), interest, until, options_.busy_poll);
  close_descriptor_if_unused();
}

// Receiving.

/// The deadline is checked before each read but the first: a stream of input does not postpone the
/// time-out, and a time-out of 0 still takes input that the kernel has.
Event WebSocket::Impl::next_event(Lock& lock, Deadline deadline) {
  for (bool has_read = false;; has_read = true) {
    Event event = session_->next();
    flush();  // pongs, and the answer to a Close frame
    if (!std::holds_alternative<NeedInput>(event)) return event;
    if (session_->over()) return Failed{session_->failure()};
    const bool is_late = deadline && network_.now() >= *deadline;
    if (is_late && has_read) throw_for(Errc::receive_timeout, "receive");
    mutex_.yield_to_waiters();
    require_open();
    // If the last read has emptied the socket, another one would only return EAGAIN: waiting at
    // once saves a system call for each request and response.
    const bool is_emptied = std::exchange(socket_emptied_, false) && !is_late;
    if (!is_emptied && session_->wants_input() && read_input()) continue;
    wait(lock, io_.interest(*session_), deadline, Errc::receive_timeout);
    require_open();
    (void)session_->tick(network_.now());
  }
}

/// Reads once. True if the session has received bytes or the end of the stream; false if the read
/// would block.
bool WebSocket::Impl::read_input() {
  const net::ReadOutcome read =
      io_.read(*session_, *transport_, {buffer_.get(), buffer_size}, network_.now());
  socket_emptied_ = !read.would_block() && !read.filled_window && !transport_->has_buffered_input();
  return !read.would_block();
}

// Sending.

std::size_t WebSocket::Impl::send(Opcode opcode, Bytes payload, bool fin, Compress compress) {
  return guarded([&](Lock& lock) {
    const Deadline deadline = deadline_after(options_.timeout);
    require_open();
    std::size_t size = 0;
    throw_misuse(append(lock, opcode, payload, {.fin = fin, .compress = compress}, deadline, size),
                 name_of(opcode));
    flush_all(lock, deadline);
    return size;
  });
}

std::size_t WebSocket::Impl::send_many(Opcode opcode, std::span<const std::string_view> payloads,
                                       std::size_t& queued) {
  if (is_control(opcode)) throw_for(Errc::unsupported_frame, "send_many");
  return guarded([&](Lock& lock) {
    const Deadline deadline = deadline_after(options_.timeout);
    require_open();
    std::size_t size = 0;
    for (const std::string_view payload : payloads) {
      if (session_->unsent_bytes() >= buffer_size) flush();
      if (const auto error = append(lock, opcode, wire_bytes(payload), {}, deadline, size)) {
        flush();  // a time-out would hide the error
        throw_misuse(error, "send_many");
      }
      ++queued;
    }
    flush_all(lock, deadline);
    return size;
  });
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
  if (!session_ || session_->over()) peer_close_.throw_closed();
}

void WebSocket::Impl::throw_misuse(std::error_code error, const char* what) {
  if (error == Errc::no_mask_key && mask_keys_.has_failed()) {
    std::rethrow_exception(mask_keys_.take_failure());
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

// Ending.

/// After a Close frame or a failure: drives the session to its end (RFC 6455 §7.1.1). The session's
/// close time and the caller's deadline bound that. Throws a failure.
void WebSocket::Impl::end_after(Lock& lock, const Event& event, Deadline deadline) {
  if (const auto* close = std::get_if<CloseReceived>(&event)) {
    peer_close_.note(*close);
    drive_to_end(lock, deadline);
    goodbye();
  }
  if (const auto* failed = std::get_if<Failed>(&event)) {
    drive_to_end(lock, deadline);
    const std::error_code error = session_ ? session_->failure() : failed->error;
    goodbye();
    if (error == Errc::no_mask_key) throw_misuse(error, "receive");
    throw_for(error ? error : failed->error, "receive");
  }
}

/// Discards events; only the peer's Close frame is kept.
void WebSocket::Impl::pass_over_events() {
  for (Event event = session_->next(); !std::holds_alternative<NeedInput>(event);
       event = session_->next()) {
    if (const auto* close = std::get_if<CloseReceived>(&event)) peer_close_.note(*close);
  }
}

/// Writes the unsent bytes, and reads and discards input, until the session is over (lingering
/// close) or the deadline has passed.
void WebSocket::Impl::drive_to_end(Lock& lock, Deadline deadline) {
  try {
    while (session_ && !session_->over()) {
      pass_over_events();
      flush();
      if (session_->wants_shutdown()) io_.shut(*session_, *transport_);
      if (session_->over()) return;
      if (session_->wants_input() && read_input()) continue;
      wait(lock, io_.interest(*session_), deadline, Errc::close_timeout);
      if (session_) (void)session_->tick(network_.now());
    }
  } catch (const WebSocketException&) {
    return;  // the deadline has passed
  }
}

void WebSocket::Impl::send_close(CloseCode status, std::string_view reason) {
  guarded([&](Lock& lock) {
    const Deadline deadline = deadline_after(options_.timeout);
    require_open();
    const bool has_code = status != CloseCode::no_status_received;
    throw_misuse(session_->close(has_code ? std::optional(status) : std::nullopt, reason,
                                 longest_wait, net::AfterClose::deliver),
                 "send_close");
    flush_all(lock, deadline);
  });
}

void WebSocket::Impl::close(CloseCode status, std::string_view reason,
                            std::optional<std::chrono::milliseconds> timeout) {
  guarded([&](Lock& lock) {
    if (!session_) return;
    const std::chrono::milliseconds time = timeout.value_or(longest_wait);
    const auto error = session_->close(status, reason, time);
    if (error == Errc::no_mask_key) return dispose();  // a Close frame cannot be sent
    if (error && error != Errc::not_open) {
      throw_for(error, describe_close("close", status, reason));
    }
    if (error) session_->limit_close(later(network_.now(), time));  // closing, or cannot write
    await_close(lock);
    goodbye();
  });
}

/// Waits for the peer's Close frame. While another thread receives, that thread will see the frame,
/// and this one writes the backlog in front of our Close frame.
void WebSocket::Impl::await_close(Lock& lock) {
  while (session_ && receiving_) {
    flush();
    if (session_->over()) return;
    if (session_->unsent_bytes() > 0 && !session_->write_has_failed()) {
      wait(lock, io_.output_interest(), std::nullopt, Errc::close_timeout);
    } else if (const Deadline until = session_->deadline()) {
      (void)changed_.wait_until(lock, *until);
    } else {
      changed_.wait(lock);
    }
    if (session_) (void)session_->tick(network_.now());
  }
  if (!session_) return;
  const Turn turn(receiving_, changed_, lock, std::nullopt);
  drive_to_end(lock, std::nullopt);
}

/// Ends the connection; shuts the stream down in order first (TLS close_notify: nothing was cut
/// off) if nothing is unsent and no thread waits, or if the session ended without a failure.
void WebSocket::Impl::goodbye() noexcept {
  const bool has_said_all = session_ && waiters_.empty() && !session_->write_has_failed() &&
                            session_->unsent_bytes() == 0;
  const bool is_over = session_ && session_->over() && session_->ended_well();
  if (has_said_all || is_over) (void)transport_->shutdown();
  dispose();
}

/// Destroys the session and wakes all threads: those in poll() by a shutdown of the socket. They
/// find no session, and the last of them closes the descriptor.
void WebSocket::Impl::dispose() noexcept {
  if (session_) {
    waiters_.wake(transport_->fd());
    session_.reset();
  }
  changed_.notify_all();
  close_descriptor_if_unused();
}

void WebSocket::Impl::close_descriptor_if_unused() noexcept {
  if (!session_ && waiters_.empty()) transport_.reset();
}

// State.

ConnectionFacts WebSocket::Impl::facts() const noexcept {
  const Lock lock = mutex_.hold();
  ConnectionFacts facts{
      .is_ssl = transport_ && transport_->is_tls(), .status = status_, .timeout = options_.timeout};
  if (!session_) return facts;
  facts.connected = session_->state() == State::open && !session_->write_has_failed();
  facts.pending = io_.has_input_at_hand(*session_, *transport_);
  facts.fileno = transport_->fd();
  facts.received_at = session_->received_at();
  return facts;
}

}  // namespace wirespan
