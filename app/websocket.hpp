// websocket.hpp - the blocking client: create_connection(), send, recv, close.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/frame.hpp>
#include <wirespan/app/options.hpp>
#include <wirespan/app/received.hpp>
#include <wirespan/app/status.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/headers.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {

/// A client whose calls return when their work is done. Errors are exceptions (exceptions.hpp).
///
/// Time: each call has one deadline, settimeout(), for all it does; a receive that times out loses
/// nothing, the next one goes on where it stopped. A send that times out has queued its message:
/// it leaves with later calls, whole and in order. Only while limits::send_hard_limit bytes wait
/// already nothing is queued; the code of the exception is Errc::send_queue_full then.
///
/// Threads: one thread may receive while any number of others send, ping or close. Two receivers
/// take turns. connect(), settimeout() of the same object and its destruction belong to one thread
/// while nobody else uses it.
///
/// Pings are answered while a receive call runs.
class WebSocket {
 public:
  explicit WebSocket(ConnectOptions options = {});
  /// Closes the descriptor; no closing handshake. Call close() for that.
  ~WebSocket();
  WebSocket(WebSocket&& other) noexcept;
  WebSocket& operator=(WebSocket&& other) noexcept;

  /// Throws WebSocketAddressException, WebSocketTimeoutException, WebSocketTlsException,
  /// WebSocketBadStatusException, or WebSocketException for what else keeps a connection from
  /// coming about. An object that was closed may connect again; one that is connected may not.
  void connect(const std::string& url);

  // Sending. All return the bytes of the frame on the wire, and throw
  // WebSocketConnectionClosedException if the connection is not open.

  /// A text message by default; text must be UTF-8.
  std::size_t send(std::string_view payload, Opcode opcode = Opcode::text,
                   Compress compress = Compress::if_agreed);
  std::size_t send_text(std::string_view text) { return send(text, Opcode::text); }
  std::size_t send_bytes(Bytes payload, Compress compress = Compress::if_agreed);
  std::size_t send_binary(Bytes payload) { return send_bytes(payload); }
  /// Several messages that leave together, in one write if they are small: so a pipelining client
  /// saves most of its system calls. If one may not be sent, or there is no room for it in time,
  /// those before it are on their way and it throws; `queued` then says how many those are.
  std::size_t send_many(std::span<const std::string_view> payloads, Opcode opcode = Opcode::text,
                        std::size_t* queued = nullptr);
  /// One frame as given: a fragment when `fin` is false or the opcode is continuation. The sequence
  /// rules of RFC 6455 §5.4 hold. Close, ping and pong frames take the ways of those calls.
  std::size_t send_frame(const Frame& frame);
  /// At most 125 bytes.
  std::size_t ping(std::string_view payload = {});
  std::size_t pong(std::string_view payload = {});

  // Receiving. Throws WebSocketTimeoutException, WebSocketConnectionClosedException (after the
  // peer's Close frame, with its code and reason), WebSocketProtocolException and
  // WebSocketPayloadException.

  /// The next message, owned; with `fire_cont_frame` the next fragment.
  [[nodiscard]] ReceivedMessage recv();
  /// The same without a copy. Borrowed: valid until the next receive call or close().
  [[nodiscard]] Message recv_view();
  /// Opcode and payload. A Close frame is returned once, before later calls throw; pings and pongs
  /// are returned only if `control_frame`.
  [[nodiscard]] std::pair<Opcode, std::string> recv_data(bool control_frame = false);
  /// The same as a frame; a message that came in fragments is one frame.
  [[nodiscard]] std::pair<Opcode, Frame> recv_data_frame(bool control_frame = false);
  /// One frame of the wire: fragments one by one, control frames too.
  [[nodiscard]] Frame recv_frame();
  [[nodiscard]] ReceivedMessage next() { return recv(); }

  /// `for (const ReceivedMessage& message : ws)` ends when the peer has closed the connection.
  class Iterator;
  [[nodiscard]] Iterator begin();
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  // Ending.

  /// Sends a Close frame, waits for the peer's and throws away what comes before it. Without a
  /// timeout it waits for ever, with 0 not at all. Nothing happens if the connection is not open.
  /// Never throws for what the peer or the network does; for a code or a reason that may not be
  /// sent it does.
  void close(CloseCode status = STATUS_NORMAL, std::string_view reason = {},
             std::optional<std::chrono::milliseconds> timeout = limits::close_time);
  /// Sends a Close frame and does not wait; receiving goes on until the peer's Close frame. With
  /// no_status_received the frame is empty.
  void send_close(CloseCode status = STATUS_NORMAL, std::string_view reason = {});
  /// Ends both directions at once; a receive in another thread returns with the closed exception.
  void abort() noexcept;
  /// Closes the descriptor at once, without a closing handshake.
  void shutdown() noexcept;

  // What is known about it.

  /// For every later call; unset waits for ever, 0 not at all.
  void settimeout(std::optional<std::chrono::milliseconds> timeout) noexcept;
  [[nodiscard]] std::optional<std::chrono::milliseconds> gettimeout() const noexcept;
  /// Called for each frame, under the lock of this object, which it must not call. The keys must
  /// not be guessable.
  void set_mask_key(std::function<MaskKey()> get_mask_key);
  /// What the server chose, as it spells it; empty if nothing. Empty before connect().
  [[nodiscard]] std::string subprotocol() const;
  [[nodiscard]] std::string getsubprotocol() const { return subprotocol(); }
  /// Of the handshake's response: 101. 0 before connect().
  [[nodiscard]] int status() const noexcept;
  [[nodiscard]] int getstatus() const noexcept { return status(); }
  [[nodiscard]] Headers headers() const;
  /// Compression as agreed on; nothing if messages are not compressed.
  [[nodiscard]] std::optional<DeflateParameters> compression() const;
  [[nodiscard]] Headers getheaders() const { return headers(); }
  /// When the kernel received the end of what was read last, so of the message that the latest
  /// receive call returned or of what came right behind it. Nothing without
  /// ConnectOptions::receive_timestamps, for what came together with the handshake, or if the
  /// kernel does not know (local sockets never do).
  [[nodiscard]] std::optional<net::ReceiveTime> received_at() const noexcept;
  /// True from connect() until a Close frame was sent or received, or the connection failed.
  [[nodiscard]] bool connected() const noexcept;
  /// -1 when there is no descriptor.
  [[nodiscard]] int fileno() const noexcept;
  [[nodiscard]] bool is_ssl() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Reads ahead by one message.
class WebSocket::Iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using difference_type = std::ptrdiff_t;
  using value_type = ReceivedMessage;

  explicit Iterator(WebSocket& socket) : socket_(&socket) { ++*this; }
  [[nodiscard]] const ReceivedMessage& operator*() const noexcept { return *current_; }
  [[nodiscard]] const ReceivedMessage* operator->() const noexcept { return &*current_; }
  Iterator& operator++();
  void operator++(int) { ++*this; }
  [[nodiscard]] bool operator==(std::default_sentinel_t) const noexcept { return !current_; }

 private:
  WebSocket* socket_;
  std::optional<ReceivedMessage> current_;
};

inline WebSocket::Iterator WebSocket::begin() { return Iterator(*this); }

/// A connected WebSocket, or a derived class that is made of ConnectOptions. Throws as connect().
template <std::derived_from<WebSocket> Class = WebSocket>
[[nodiscard]] Class create_connection(const std::string& url, ConnectOptions options = {}) {
  Class socket(std::move(options));
  socket.connect(url);
  return socket;
}

}  // namespace wirespan
