// WebSocket::Impl: connecting, waiting, receiving and ending.
#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <wirespan/app/client/websocket_impl.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/net/session_io.hpp>
#include <wirespan/net/unique_fd.hpp>

namespace wirespan {

constexpr std::size_t buffer_size = std::size_t{64} << 10;

WebSocket::Impl::Impl(ConnectOptions options)
    : options_(std::move(options)), compression_(options_.compression) {
  if (!options_.timeout) options_.timeout = getdefaulttimeout();
  options_.busy_poll = bounded_busy_poll(options_.busy_poll);
}

WebSocket::Impl::~Impl() {
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
  session_.emplace(Connection(Role::client, connection_options_,
                              compression_.codec(Role::client, dialed.agreement)),
                   session_options_, queues_, net::gathers(*transport_), network_.now());
  agreement_ = std::move(dialed.agreement);
  status_ = dialed.status;
  unread_ = std::move(dialed.unread);
  if (!unread_.empty()) session_->received(unread_, network_.now(), false);
  written_ = 0;
  drained_ = false;
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
  const TimePoint now = network_.now();
  if (deadline && now >= *deadline) {
    throw WebSocketTimeoutException(make_error_code(timeout), "waiting for the peer");
  }
  Deadline until = session_->deadline();
  if (deadline) until = until ? std::min(*until, *deadline) : deadline;
  std::optional<std::chrono::nanoseconds> time;
  if (until) time = std::max<std::chrono::nanoseconds>(*until - now, std::chrono::nanoseconds(0));
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

/// The deadline counts on every turn, also while there is always something to read; but once it is
/// read in any case, so that a time-out of 0 takes what is there.
Event WebSocket::Impl::next_event(Lock& lock, Deadline deadline) {
  for (bool has_read = false;; has_read = true) {
    Event event = session_->next();
    const net::IoStatus written = flush();  // pongs, the echo of Close
    if (!std::holds_alternative<NeedInput>(event)) return event;
    if (session_->over()) return Failed{session_->failure()};
    const bool is_late = deadline && network_.now() >= *deadline;
    if (is_late && has_read) throw_for(Errc::receive_timeout, "receive");
    mutex_.let_others_in();
    require_open();
    // A caller that asks a question has taken all there was: looking again would find nothing.
    const bool is_drained = std::exchange(drained_, false) && !is_late;
    const net::IoStatus read = is_drained ? net::IoStatus::want_read : read_input();
    if (read == net::IoStatus::ok) continue;
    const bool write = read == net::IoStatus::want_write || written == net::IoStatus::want_write;
    wait(lock, net::interest_in(read == net::IoStatus::want_read, write), deadline,
         Errc::receive_timeout);
    require_open();
    (void)session_->tick(network_.now());
  }
}

/// ok: the session was told something, if only of the end.
net::IoStatus WebSocket::Impl::read_input() {
  const net::ReadOutcome read =
      net::read_once(*session_, *transport_, {buffer_.get(), buffer_size}, network_.now());
  const bool blocked =
      read.status == net::IoStatus::want_read || read.status == net::IoStatus::want_write;
  drained_ = !blocked && !read.filled_window && !transport_->has_buffered_input();
  return blocked ? read.status : net::IoStatus::ok;
}

// Ending.

/// After a Close frame or a failure the session says goodbye as RFC 6455 §7.1.1 asks, in its time.
void WebSocket::Impl::end_after(Lock& lock, const Event& event, Deadline deadline) {
  if (const auto* close = std::get_if<CloseReceived>(&event)) {
    note_close(*close);
    drive_to_end(lock, std::nullopt);
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

void WebSocket::Impl::note_close(const CloseReceived& close) {
  close_code_ = close.code;
  close_reason_ = close.reason;
}

/// After our own close() only the peer's answer matters.
void WebSocket::Impl::pass_over_events() {
  for (Event event = session_->next(); !std::holds_alternative<NeedInput>(event);
       event = session_->next()) {
    if (const auto* close = std::get_if<CloseReceived>(&event)) note_close(*close);
  }
}

/// Writes what is left and reads what is of no interest any more, until the session is over.
void WebSocket::Impl::drive_to_end(Lock& lock, Deadline deadline) {
  try {
    while (session_ && !session_->over()) {
      pass_over_events();
      const net::IoStatus written = flush();
      if (session_->over()) return;
      if (session_->wants_shutdown() && !transport_->shutdown().would_block()) session_->shut();
      const net::IoStatus read = session_->wants_input() ? read_input() : net::IoStatus::want_read;
      if (read == net::IoStatus::ok) continue;
      const bool write = read == net::IoStatus::want_write ||
                         written == net::IoStatus::want_write || session_->wants_shutdown();
      wait(lock, net::interest_in(session_->wants_input(), write), deadline, Errc::close_timeout);
      if (session_) (void)session_->tick(network_.now());
    }
  } catch (const WebSocketException&) {
    return;  // the caller's time is over
  }
}

void WebSocket::Impl::send_close(CloseCode status, std::string_view reason) {
  Lock lock(mutex_);
  const Deadline deadline = deadline_after(options_.timeout);
  require_open();
  const bool has_code = status != CloseCode::no_status_received;
  throw_misuse(session_->close(has_code ? std::optional(status) : std::nullopt, reason,
                               longest_wait, net::AfterClose::deliver),
               "send_close");
  flush_all(lock, deadline);
}

void WebSocket::Impl::close(CloseCode status, std::string_view reason,
                            std::optional<std::chrono::milliseconds> timeout) {
  Lock lock(mutex_);
  if (!session_) return;
  if (session_->state() == State::open) {
    const auto error = session_->close(status, reason, timeout.value_or(longest_wait));
    if (error == Errc::no_mask_key) return dispose();  // no way to say it
    if (error && error != Errc::not_open) {
      throw_for(error, describe_close("close", status, reason));
    }
  } else {
    session_->limit_close(later(network_.now(), timeout.value_or(longest_wait)));
  }
  await_close(lock);
  goodbye();
}

/// The backlog in front of our Close needs a thread that writes it, also while another one waits
/// for input.
void WebSocket::Impl::await_close(Lock& lock) {
  while (session_ && receiving_) {  // the receiver will see the Close frame
    const net::IoStatus written = flush();
    if (session_->over()) return;
    if (written == net::IoStatus::want_write) {
      wait(lock, net::Interest::write, std::nullopt, Errc::close_timeout);
    } else if (const Deadline until = session_->deadline()) {
      (void)changed_.wait_until(lock, *until);
    } else {
      changed_.wait(lock);
    }
    if (session_) (void)session_->tick(network_.now());
  }
  if (!session_) return;
  const ReceiverTurn turn(*this, lock, std::nullopt);
  drive_to_end(lock, std::nullopt);
}

void WebSocket::Impl::abort() noexcept {
  const Lock lock(mutex_);
  if (session_) network_.shutdown_both(transport_->fd());
}

void WebSocket::Impl::shutdown() noexcept {
  const Lock lock(mutex_);
  goodbye();
}

/// Ends the stream in order, which tells a TLS peer that nothing was cut off, and lets go.
void WebSocket::Impl::goodbye() noexcept {
  const bool has_said_all =
      session_ && waiting_ == 0 && !session_->write_has_failed() && session_->unsent_bytes() == 0;
  const bool is_over = session_ && session_->over() && session_->ended_well();
  if (has_said_all || is_over) (void)transport_->shutdown();
  dispose();
}

/// The connection is over. Threads that wait for the socket see it shut down, and then that there
/// is no connection any more.
void WebSocket::Impl::dispose() noexcept {
  if (session_) {
    if (waiting_ > 0) network_.shutdown_both(transport_->fd());
    session_.reset();
  }
  changed_.notify_all();
  close_descriptor_if_unused();
}

void WebSocket::Impl::close_descriptor_if_unused() noexcept {
  if (!session_ && waiting_ == 0) transport_.reset();
}

// State.

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
  return session_ && session_->state() == State::open && !session_->write_has_failed();
}

std::optional<net::ReceiveTime> WebSocket::Impl::received_at() const noexcept {
  const Lock lock(mutex_);
  return session_ ? session_->received_at() : std::nullopt;
}

int WebSocket::Impl::fileno() const noexcept {
  const Lock lock(mutex_);
  return session_ ? transport_->fd() : -1;
}

bool WebSocket::Impl::is_ssl() const noexcept {
  const Lock lock(mutex_);
  return transport_ && transport_->is_tls();
}

}  // namespace wirespan
