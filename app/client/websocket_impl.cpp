#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <wirespan/app/client/websocket_impl.hpp>
#include <wirespan/app/common/longest_wait.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/net/unique_fd.hpp>

namespace wirespan {

constexpr std::size_t buffer_size = std::size_t{64} << 10;

WebSocket::Impl::Impl(ConnectOptions options)
    : options_(std::move(options)), compression_(options_.compression) {
  if (!options_.timeout) options_.timeout = getdefaulttimeout();
  options_.busy_poll = bounded_busy_poll(options_.busy_poll);
}

WebSocket::Impl::~Impl() {
  shutdown();
  if (options_.socket >= 0) network_.close(options_.socket);  // ours, and never used
}

WebSocket::Impl::ReceiverTurn::ReceiverTurn(Impl& impl, Lock& lock, Deadline deadline)
    : impl_(impl) {
  const auto is_free = [&] { return !impl_.receiving_; };
  if (!deadline) {
    impl_.changed_.wait(lock, is_free);
  } else if (!impl_.changed_.wait_until(lock, *deadline, is_free)) {
    throw_for(Errc::receive_timeout, "another thread is receiving");
  }
  impl_.receiving_ = true;
}

WebSocket::Impl::ReceiverTurn::~ReceiverTurn() {
  impl_.receiving_ = false;
  impl_.changed_.notify_all();
}

// Connecting.

void WebSocket::Impl::connect(const std::string& url) {
  if (connected()) throw_for(Errc::already_open, "connect");
  net::UniqueFd given(std::exchange(options_.socket, -1));  // closed, whatever goes wrong
  std::string detail;
  auto plan = make_dial_plan(url, options_, detail);
  if (!plan) throw_for(plan.error(), detail);

  std::optional<net::EventLoop> loop;
  try {
    loop.emplace(net::EventLoopOptions{.backend = net::Backend::poll, .receive_buffer = 0});
  } catch (const std::system_error& error) {  // no descriptor left
    throw WebSocketException(error.code(), "connect");
  }
  plan->socket = given.release();
  std::optional<Dialer::Result> result;
  {
    Dialer dialer(*loop, std::move(*plan), [&](Dialer::Result r) { result = std::move(r); });
    while (!result) loop->run_once(std::nullopt);
  }
  if (const auto* failure = std::get_if<DialFailure>(&*result)) throw_for(*failure);
  open(std::get<Dialed>(*std::move(result)));
}

void WebSocket::Impl::open(Dialed dialed) {
  const Lock lock(mutex_);
  dispose();
  connection_options_ = std::make_shared<ConnectionOptions>();
  connection_options_->receive = {.max_message_size = options_.max_message_size,
                                  .max_fragments = options_.max_message_fragments,
                                  .validate_utf8 = !options_.skip_utf8_validation};
  connection_options_->mask_source = {
      .next = [](void* self,
                 MaskKey& key) noexcept { return static_cast<Impl*>(self)->next_mask_key(key); },
      .context = this};
  connection_options_->blocks = &pool_.source();
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(buffer_size);
  transport_.emplace(std::move(dialed.transport));
  connection_.emplace(Role::client, connection_options_,
                      compression_.codec(Role::client, dialed.agreement));
  agreement_ = std::move(dialed.agreement);
  status_ = dialed.status;
  unread_ = std::move(dialed.unread);
  connection_->feed(unread_);
  written_ = 0;
  drained_ = false;
  received_at_ = {};
  write_error_.clear();
  close_code_.reset();
  close_reason_.clear();
}

bool WebSocket::Impl::next_mask_key(MaskKey& key) noexcept {
  if (!options_.get_mask_key) return random_.fill(key);
  try {
    key = options_.get_mask_key();
    return true;
  } catch (...) {
    mask_failure_ = std::current_exception();
    return false;
  }
}

// Waiting.

Deadline WebSocket::Impl::deadline_after(std::optional<std::chrono::milliseconds> time) const {
  if (!time) return std::nullopt;
  return network_.now() + bounded(*time);
}

/// Returns when something may have changed. The lock is released meanwhile.
void WebSocket::Impl::wait(Lock& lock, net::Interest interest, Deadline deadline, Errc timeout) {
  std::optional<std::chrono::nanoseconds> time;
  if (deadline) {
    time = *deadline - network_.now();
    if (time->count() <= 0) {
      throw WebSocketTimeoutException(make_error_code(timeout), "waiting for the peer");
    }
  }
  std::array<net::Waiting, 1> waiting{{{.fd = transport_->fd(), .interest = interest}}};
  ++waiting_;
  lock.unlock();
  wait_for_socket(waiting, time);
  lock.lock();
  --waiting_;
  close_descriptor_if_unused();
}

/// Without the lock.
void WebSocket::Impl::wait_for_socket(std::span<net::Waiting> waiting,
                                      std::optional<std::chrono::nanoseconds> time) {
  constexpr auto no_time = std::chrono::nanoseconds(0);
  const TimePoint begin = options_.busy_poll > no_time ? network_.now() : TimePoint();
  const auto longest =
      std::min<std::chrono::nanoseconds>(time.value_or(options_.busy_poll), options_.busy_poll);
  while (longest > no_time && network_.now() - begin < longest) {
    if (network_.wait(waiting, no_time)) return;
  }
  (void)network_.wait(waiting, time ? std::optional(*time - longest) : std::nullopt);
}

// Receiving.

Event WebSocket::Impl::next_event(Lock& lock, Deadline deadline) {
  while (true) {
    Event event = connection_->next();
    const net::IoStatus written = try_flush();  // pongs, the echo of Close
    if (!std::holds_alternative<NeedInput>(event)) return event;
    // Whoever asks a question has taken all there was: looking again would find nothing.
    const bool may_wait = !deadline || network_.now() < *deadline;
    const bool is_drained = std::exchange(drained_, false) && may_wait;
    const net::IoStatus read = is_drained ? net::IoStatus::want_read : read_once();
    if (read == net::IoStatus::ok) continue;
    const bool write = read == net::IoStatus::want_write || written == net::IoStatus::want_write;
    wait(lock, net::interest_in(read == net::IoStatus::want_read, write), deadline,
         Errc::receive_timeout);
    require_open();
  }
}

/// ok: something was fed, if only the end.
net::IoStatus WebSocket::Impl::read_once() {
  const MutableBytes window = connection_->receive_window({buffer_.get(), buffer_size});
  const net::IoResult result = transport_->read_some(window);
  if (result.would_block()) return result.status;
  drained_ = result.bytes < window.size() && !transport_->has_buffered_input();
  if (result.status == net::IoStatus::error) {
    dispose();
    throw_for(result.error, "receive");
  }
  if (result.status == net::IoStatus::eof) {
    connection_->feed_eof();
  } else {
    received_at_ = result.received_at;
    connection_->feed(window.first(result.bytes));
  }
  return net::IoStatus::ok;
}

// Ending.

/// After a Close frame or a failure: says goodbye as RFC 6455 §7.1.1 asks, and lets go.
void WebSocket::Impl::end_after(Lock& lock, const Event& event, Deadline deadline) {
  if (const auto* close = std::get_if<CloseReceived>(&event)) {
    note_end(close->code, close->reason);
    discard_until_end(lock, network_.now() + limits::peer_close_time);
    dispose();
  }
  if (const auto* failed = std::get_if<Failed>(&event)) {
    const std::error_code error = failed->error;
    const TimePoint latest = network_.now() + limits::close_time;
    if (error != Errc::connection_lost) {
      (void)transport_->shutdown();
      discard_until_end(lock, deadline ? std::min(*deadline, latest) : latest);
    }
    dispose();
    if (error == Errc::no_mask_key) throw_misuse(error, "receive");
    throw_for(error, "receive");
  }
}

void WebSocket::Impl::note_end(CloseCode code, std::string_view reason) {
  close_code_ = code;
  close_reason_ = reason;
}

/// Writes what is left and reads until the peer has closed TCP, so that no reset destroys our Close
/// frame.
void WebSocket::Impl::discard_until_end(Lock& lock, Deadline deadline) {
  try {
    for (std::size_t discarded = 0; connection_ && discarded < limits::linger_bytes;) {
      const net::IoStatus written = try_flush();
      const net::IoResult result = transport_->read_some({buffer_.get(), buffer_size});
      discarded += result.bytes;
      if (result.is_ok()) continue;
      if (!result.would_block()) return;
      const bool write = written == net::IoStatus::want_write && !write_error_;
      wait(lock, net::interest_in(true, write), deadline, Errc::close_timeout);
    }
  } catch (const WebSocketException&) {
    return;  // the time is over
  }
}

void WebSocket::Impl::send_close(CloseCode status, std::string_view reason) {
  Lock lock(mutex_);
  const Deadline deadline = deadline_after(options_.timeout);
  require_open();
  const bool has_code = status != CloseCode::no_status_received;
  throw_misuse(connection_->close(has_code ? std::optional(status) : std::nullopt, reason),
               "send_close");
  flush_all(lock, deadline);
}

void WebSocket::Impl::close(CloseCode status, std::string_view reason,
                            std::optional<std::chrono::milliseconds> timeout) {
  Lock lock(mutex_);
  if (!connection_) return;
  if (connection_->state() == State::open) {
    const auto error = connection_->close(status, reason);
    if (error == Errc::no_mask_key) return dispose();  // no way to say it
    if (error) throw_for(error, describe_close("close", status, reason));
  }
  try {
    await_close(lock, deadline_after(timeout));
  } catch (const WebSocketException&) {
    // The peer did not answer in time, or the connection broke: it is over in any case.
  }
  dispose();
}

void WebSocket::Impl::await_close(Lock& lock, Deadline deadline) {
  (void)try_flush();
  while (connection_ && receiving_) {  // the receiver will see the Close frame
    if (!deadline) {
      changed_.wait(lock);
    } else if (changed_.wait_until(lock, *deadline) == std::cv_status::timeout) {
      return;
    }
  }
  if (!connection_) return;
  const ReceiverTurn turn(*this, lock, deadline);
  while (connection_) end_after(lock, next_event(lock, deadline), deadline);
}

void WebSocket::Impl::abort() noexcept {
  const Lock lock(mutex_);
  if (connection_) network_.shutdown_both(transport_->fd());
}

void WebSocket::Impl::shutdown() noexcept {
  const Lock lock(mutex_);
  dispose();
}

/// The connection is over. Threads that wait for the socket see it shut down, and then that there
/// is no connection any more.
void WebSocket::Impl::dispose() noexcept {
  if (connection_) {
    if (waiting_ > 0) {
      network_.shutdown_both(transport_->fd());
    } else if (!write_error_ && connection_->output().empty()) {
      (void)transport_->shutdown();
    }
  }
  connection_.reset();
  changed_.notify_all();
  close_descriptor_if_unused();
}

void WebSocket::Impl::close_descriptor_if_unused() noexcept {
  if (!connection_ && waiting_ == 0) transport_.reset();
}

// What is known.

void WebSocket::Impl::set_timeout(std::optional<std::chrono::milliseconds> timeout) noexcept {
  const Lock lock(mutex_);
  options_.timeout = timeout;
}

std::optional<std::chrono::milliseconds> WebSocket::Impl::timeout() const noexcept {
  const Lock lock(mutex_);
  return options_.timeout;
}

void WebSocket::Impl::set_mask_key(std::function<MaskKey()> get_mask_key) {
  const Lock lock(mutex_);
  options_.get_mask_key = std::move(get_mask_key);
}

Agreement WebSocket::Impl::agreement() const {
  const Lock lock(mutex_);
  return agreement_;
}

int WebSocket::Impl::status() const noexcept {
  const Lock lock(mutex_);
  return status_;
}

bool WebSocket::Impl::connected() const noexcept {
  const Lock lock(mutex_);
  return connection_ && connection_->state() == State::open && !write_error_;
}

std::optional<net::ReceiveTime> WebSocket::Impl::received_at() const noexcept {
  const Lock lock(mutex_);
  return received_at_ == net::ReceiveTime() ? std::nullopt : std::optional(received_at_);
}

int WebSocket::Impl::fileno() const noexcept {
  const Lock lock(mutex_);
  return connection_ ? transport_->fd() : -1;
}

bool WebSocket::Impl::is_ssl() const noexcept {
  const Lock lock(mutex_);
  return transport_ && transport_->is_tls();
}

}  // namespace wirespan
