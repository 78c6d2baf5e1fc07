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

/// A blocking client: each call returns when its work is done. Errors are exceptions
/// (exceptions.hpp). The object owns at most one connection: connect() opens it; close(), the
/// peer's Close frame, a failure or shutdown() ends it, and then connect() may open the next one.
/// No thread stands behind it: pings are answered while a receive call runs.
///
/// std::bad_alloc out of a call that sends, receives or closes has ended the connection, without a
/// Close frame: bytes may have been lost, and no later call returns a message with a gap.
///
/// Time: each call has one deadline, settimeout(), for all it does. A receive that times out loses
/// nothing: the next one continues where it stopped. A send that times out has queued its message:
/// it leaves with later calls, whole and in order. Backpressure: if the message would lift the
/// unsent bytes above limits::send_hard_limit (16 MiB), the send waits for room; if that times out,
/// nothing was queued, and the code of the exception is Errc::send_queue_full.
///
/// Threads: one thread may receive while any number of others send, ping or close. Two receivers
/// take turns. connect(), settimeout(), moving and destruction require that no other thread uses
/// the object. An object that was moved from may only be assigned to or destroyed.
class WebSocket {
 public:
  /// Keeps the options; connect() reads them. ConnectOptions::socket is owned from here on.
  explicit WebSocket(ConnectOptions options = {});
  /// Closes the descriptor without a closing handshake; close() is the way to one.
  ~WebSocket();
  WebSocket(WebSocket&& other) noexcept;
  WebSocket& operator=(WebSocket&& other) noexcept;

  /// Connects: name, TCP, TLS and opening handshake, under ConnectOptions::connect_timeout. Throws
  /// WebSocketAddressException, WebSocketTimeoutException, WebSocketTlsException,
  /// WebSocketBadStatusException, or WebSocketException for any other failure. An object whose
  /// connection has ended may connect again; a connected one may not (Errc::already_open).
  void connect(const std::string& url);

  // Sending. Each call returns the bytes of its frames on the wire, and throws
  // WebSocketConnectionClosedException if the connection is not open.

  /// Sends one message, text by default; text must be UTF-8 (Errc::invalid_text).
  std::size_t send(std::string_view payload, Opcode opcode = Opcode::text,
                   Compress compress = Compress::if_agreed);
  /// The same for a text, and for binary messages.
  std::size_t send_text(std::string_view text) { return send(text, Opcode::text); }
  std::size_t send_bytes(Bytes payload, Compress compress = Compress::if_agreed);
  std::size_t send_binary(Bytes payload) { return send_bytes(payload); }
  /// Sends several messages; small ones leave together, in writes of about 64 KiB, which saves a
  /// pipelining client most of its system calls. If one may not be sent, or there is no room for it
  /// in time, those before it are on their way and the call throws; `queued`, if given, receives
  /// their number.
  std::size_t send_many(std::span<const std::string_view> payloads, Opcode opcode = Opcode::text,
                        std::size_t* queued = nullptr);
  /// Sends one frame as given: a fragment when `fin` is false or the opcode is continuation. The
  /// sequence rules of RFC 6455 §5.4 hold. Close, ping and pong frames are sent as by send_close(),
  /// ping() and pong().
  std::size_t send_frame(const Frame& frame);
  /// Sends a ping, or a pong that no ping asked for, of at most 125 bytes.
  std::size_t ping(std::string_view payload = {});
  std::size_t pong(std::string_view payload = {});

  // Receiving. Each call throws WebSocketTimeoutException, WebSocketConnectionClosedException
  // (after the peer's Close frame, with its code and reason), WebSocketProtocolException or
  // WebSocketPayloadException.

  /// Returns the next message, owned; with `fire_cont_frame` the next fragment.
  [[nodiscard]] ReceivedMessage recv();
  /// The same without a copy. The view is borrowed: valid until the next receive call or close().
  [[nodiscard]] Message recv_view();
  /// Returns opcode and payload of the next message. The peer's Close frame is returned once,
  /// before later calls throw; pings and pongs are returned only if `control_frame`.
  [[nodiscard]] std::pair<Opcode, std::string> recv_data(bool control_frame = false);
  /// The same as a frame; a message that came in fragments is returned as one frame.
  [[nodiscard]] std::pair<Opcode, Frame> recv_data_frame(bool control_frame = false);
  /// Returns one frame of the wire: fragments one by one, control frames, too.
  [[nodiscard]] Frame recv_frame();
  /// As recv().
  [[nodiscard]] ReceivedMessage next() { return recv(); }

  /// Iterates over messages: `for (const ReceivedMessage& message : ws)` ends when the peer has
  /// closed the connection, and throws if the connection was lost.
  class Iterator;
  /// Receives the first message.
  [[nodiscard]] Iterator begin();
  /// The end of the connection.
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  // Ending.

  /// Sends a Close frame, waits up to `timeout` for the peer's, and discards the messages before
  /// it. An unset timeout waits for ever, 0 not at all. Nothing happens if the connection is not
  /// open. Throws for a code or a reason that may not be sent, never for a failure of the peer or
  /// the network.
  void close(CloseCode status = STATUS_NORMAL, std::string_view reason = {},
             std::optional<std::chrono::milliseconds> timeout = limits::close_time);
  /// Sends a Close frame and does not wait: the caller receives on until the peer's Close frame.
  /// With no_status_received the frame is empty.
  void send_close(CloseCode status = STATUS_NORMAL, std::string_view reason = {});
  /// Shuts both directions of the socket down at once; a receive call in another thread throws
  /// WebSocketConnectionClosedException.
  void abort() noexcept;
  /// Closes the descriptor at once, without a closing handshake.
  void shutdown() noexcept;

  // State. Any thread, but for settimeout().

  /// Sets the deadline of every later call; unset waits for ever, 0 not at all.
  void settimeout(std::optional<std::chrono::milliseconds> timeout) noexcept;
  /// That deadline.
  [[nodiscard]] std::optional<std::chrono::milliseconds> gettimeout() const noexcept;
  /// Sets the source of mask keys. It is called for each frame, in the middle of it: what it calls
  /// to send, receive or close throws Errc::reentrant_call, and shutdown() does as abort(). Keys
  /// must not be guessable.
  void set_mask_key(std::function<MaskKey()> get_mask_key);
  /// The subprotocol that the server chose, in its spelling; empty for none, and before connect().
  [[nodiscard]] std::string subprotocol() const;
  [[nodiscard]] std::string getsubprotocol() const { return subprotocol(); }
  /// The status of the opening handshake's response, 101; 0 before connect().
  [[nodiscard]] int status() const noexcept;
  [[nodiscard]] int getstatus() const noexcept { return status(); }
  /// The header fields of that response.
  [[nodiscard]] Headers headers() const;
  /// The compression parameters agreed on; std::nullopt if messages are not compressed.
  [[nodiscard]] std::optional<DeflateParameters> compression() const;
  /// As headers(), by its Python name.
  [[nodiscard]] Headers getheaders() const { return headers(); }
  /// The time at which the kernel received the end of the latest read, so of the message that the
  /// latest receive call returned or of bytes right behind it. std::nullopt without
  /// ConnectOptions::receive_timestamps, for bytes that came with the handshake, and where the
  /// kernel tells no time (local sockets).
  [[nodiscard]] std::optional<net::ReceiveTime> received_at() const noexcept;
  /// True from connect() until a Close frame was sent or received, or the connection failed.
  [[nodiscard]] bool connected() const noexcept;
  /// True if a receive call can make progress without reading the socket: bytes lie in user space,
  /// behind the message that was returned last, behind the 101, or in TLS. poll() on fileno() does
  /// not report those bytes, so that a program that waits for several descriptors asks first:
  ///
  ///     ws.settimeout(std::chrono::milliseconds(0));
  ///     if (!ws.pending()) ::poll(...);  // fileno(), POLLIN
  ///     ... ws.recv() ...                // WebSocketTimeoutException: no whole message yet
  ///
  /// Bytes of an incomplete message count until a receive call has taken them, then no more: the
  /// loop goes back to poll() and does not spin. False without a connection. The answer may be old
  /// if another thread receives.
  [[nodiscard]] bool pending() const noexcept;
  /// The descriptor of the socket, for poll() after pending(); -1 when there is none.
  [[nodiscard]] int fileno() const noexcept;
  /// True if the connection runs over TLS.
  [[nodiscard]] bool is_ssl() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The input iterator of a WebSocket. Holds one message: it receives the next one when it is made
/// and when it is advanced.
class WebSocket::Iterator {
 public:
  /// For std::ranges.
  using iterator_concept = std::input_iterator_tag;
  using difference_type = std::ptrdiff_t;
  using value_type = ReceivedMessage;

  /// Receives the first message of the loop.
  explicit Iterator(WebSocket& socket) : socket_(&socket) { ++*this; }
  /// The message at hand.
  [[nodiscard]] const ReceivedMessage& operator*() const noexcept { return *current_; }
  [[nodiscard]] const ReceivedMessage* operator->() const noexcept { return &*current_; }
  /// Receives the next message.
  Iterator& operator++();
  void operator++(int) { ++*this; }
  /// True when the peer has closed the connection.
  [[nodiscard]] bool operator==(std::default_sentinel_t) const noexcept { return !current_; }

 private:
  WebSocket* socket_;
  std::optional<ReceivedMessage> current_;
};

inline WebSocket::Iterator WebSocket::begin() { return Iterator(*this); }

/// Returns a connected WebSocket, or an object of a derived class that is constructible from
/// ConnectOptions. Throws as connect().
template <std::derived_from<WebSocket> Class = WebSocket>
[[nodiscard]] Class create_connection(const std::string& url, ConnectOptions options = {}) {
  Class socket(std::move(options));
  socket.connect(url);
  return socket;
}

}  // namespace wirespan
