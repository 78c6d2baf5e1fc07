// websocket_impl.hpp - drives the blocking client: one Session, Transport, mutex. Private.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <wirespan/app/client/connection_facts.hpp>
#include <wirespan/app/client/dialer.hpp>
#include <wirespan/app/client/fair_mutex.hpp>
#include <wirespan/app/client/mask_keys.hpp>
#include <wirespan/app/client/peer_close.hpp>
#include <wirespan/app/client/socket_waiters.hpp>
#include <wirespan/app/client/turn.hpp>
#include <wirespan/app/common/compression.hpp>
#include <wirespan/app/common/transport.hpp>
#include <wirespan/app/websocket.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/time.hpp>
#include <wirespan/net/buffer_pool.hpp>
#include <wirespan/net/secure_random.hpp>
#include <wirespan/net/session_io.hpp>

namespace wirespan {

using Deadline = std::optional<TimePoint>;

/// The driver behind WebSocket, which owns it: moves bytes between a Session and a Transport,
/// tells the session the time, and blocks the caller until its work is done. States: connected, or
/// not (no `session_`): before connect() and after dispose().
///
/// Threads: `mutex_` guards all state. Threads wait without it: in poll() for the socket, or on
/// `changed_` for each other. Readiness is level-triggered, and the thread that ends the connection
/// shuts both directions of the socket down, so that every poll() returns. The last thread that
/// leaves poll() closes the descriptor. A receiver that always finds input hands the mutex over
/// between two reads (FairMutex).
class WebSocket::Impl {
 public:
  using Lock = std::unique_lock<FairMutex>;

  explicit Impl(ConnectOptions options);
  /// Closes the descriptor and sends nothing: a forked child may drop its copy.
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void connect(const std::string& url);
  std::size_t send(Opcode opcode, Bytes payload, bool fin, Compress compress);
  std::size_t send_many(Opcode opcode, std::span<const std::string_view> payloads,
                        std::size_t& queued);
  void send_close(CloseCode status, std::string_view reason);
  void close(CloseCode status, std::string_view reason,
             std::optional<std::chrono::milliseconds> timeout);
  void abort() noexcept {
    const Lock lock = mutex_.hold();
    if (session_) network_.shutdown_both(transport_->fd());
  }
  void shutdown() noexcept {
    if (mutex_.is_mine()) return abort();
    const Lock lock(mutex_);
    goodbye();
  }

  /// Receives, and calls `take` with each event, under the lock, until it returns true. A Close
  /// frame ends the connection after `take` has seen it; a failure is thrown.
  template <class Take>
  void receive(bool frame_by_frame, Take take);

  [[nodiscard]] ConnectionFacts facts() const noexcept;
  [[nodiscard]] Agreement agreement() const {
    const Lock lock = mutex_.hold();
    return agreement_;
  }
  void set_timeout(std::optional<std::chrono::milliseconds> timeout) noexcept {
    const Lock lock = mutex_.hold();
    options_.timeout = timeout;
  }
  void set_mask_key(std::function<MaskKey()> get_mask_key) {
    const Lock lock = mutex_.enter();
    options_.get_mask_key = std::move(get_mask_key);
  }

 private:
  template <class Step>
  auto guarded(Step step);
  void open(Dialed dialed);
  [[nodiscard]] Deadline deadline_after(std::optional<std::chrono::milliseconds> time) const {
    return time ? Deadline(later(network_.now(), *time)) : std::nullopt;
  }
  [[nodiscard]] Event next_event(Lock& lock, Deadline deadline);
  [[nodiscard]] bool read_input();
  void require_open() const;
  void throw_misuse(std::error_code error, const char* what);
  [[nodiscard]] std::error_code append(Lock& lock, Opcode opcode, Bytes payload,
                                       const net::SendHow& how, Deadline deadline,
                                       std::size_t& size);
  void make_room(Lock& lock, std::size_t size, Deadline deadline);
  void flush_all(Lock& lock, Deadline deadline, Errc timeout = Errc::send_timeout);
  void flush();
  void wait(Lock& lock, net::Interest interest, Deadline deadline, Errc timeout);
  void await_close(Lock& lock);
  void end_after(Lock& lock, const Event& event, Deadline deadline);
  void pass_over_events();
  void drive_to_end(Lock& lock, Deadline deadline);
  void goodbye() noexcept;
  void dispose() noexcept;
  void close_descriptor_if_unused() noexcept;

  ConnectOptions options_;
  net::Network& network_ = options_.network ? *options_.network : net::system_network();
  mutable FairMutex mutex_;
  std::condition_variable_any changed_;
  net::BufferPool pool_;
  net::WriteQueuePool queues_{pool_.source()};
  net::SecureRandom random_{network_};
  MaskKeys mask_keys_{options_.get_mask_key, random_};
  net::SessionOptions session_options_;
  std::shared_ptr<ConnectionOptions> connection_options_;
  Compression compression_;
  std::vector<std::byte> unread_;  // frames that came with the handshake; lent to the session
  std::unique_ptr<std::byte[]> buffer_;
  std::optional<Transport> transport_;
  net::SessionIo io_;
  std::optional<net::Session> session_;  // empty: not connected. session_ => transport_ is set.
  Agreement agreement_;
  int status_ = 0;
  std::uint64_t written_ = 0;  // bytes that the kernel has taken since connect()
  PeerClose peer_close_;
  SocketWaiters waiters_{network_};  // transport_ stays open until the last of them has left
  bool receiving_ = false;           // a Turn: one thread receives, or drives the close
  bool socket_emptied_ = false;      // the last read has emptied the socket
};

/// Every call that touches the session: takes the lock and runs `step(lock)`. std::bad_alloc may
/// leave the session without bytes that it has taken, so that it ends the connection: later calls
/// throw Errc::not_open instead of returning a message with a gap.
template <class Step>
auto WebSocket::Impl::guarded(Step step) {
  Lock lock = mutex_.enter();
  try {
    return step(lock);
  } catch (const std::bad_alloc&) {
    if (session_) session_->abort(make_error_code(std::errc::not_enough_memory));
    dispose();
    throw;
  }
}

template <class Take>
void WebSocket::Impl::receive(bool frame_by_frame, Take take) {
  guarded([&](Lock& lock) {
    const Deadline deadline = deadline_after(options_.timeout);
    require_open();
    const Turn turn(receiving_, changed_, lock, deadline);
    if (!turn) throw_for(Errc::receive_timeout, "another thread is receiving");
    while (true) {
      require_open();
      connection_options_->receive.deliver_fragments = frame_by_frame || options_.fire_cont_frame;
      const Event event = next_event(lock, deadline);
      const bool taken = take(event);
      end_after(lock, event, deadline);
      if (taken) return;
    }
  });
}

}  // namespace wirespan
