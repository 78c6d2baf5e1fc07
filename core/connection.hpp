// connection.hpp - the protocol machine of an open connection. RFC 6455 §5 to §7, RFC 7692 §6.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/event.hpp>
#include <wirespan/core/frame.hpp>
#include <wirespan/core/frame_decoder.hpp>
#include <wirespan/core/message_assembler.hpp>
#include <wirespan/core/message_codec.hpp>

namespace wirespan {

enum class State : std::uint8_t { open, closing, closed };

/// What the driver is to do with the transport, once output() is flushed.
enum class TransportAction : std::uint8_t {
  keep,               ///< Go on reading.
  close_after_flush,  ///< Write what is left, then close; nothing the peer sends matters any more.
  await_peer_close,   ///< A client after both Close frames: the server closes TCP first (§7.1.1).
};

/// Shared by all connections that behave alike; not changed while one of them uses it.
struct ConnectionOptions {
  ReceiveOptions receive{};
  /// Refuse to send text that is not UTF-8 (§6.1). Turn it off for text that is known to be.
  bool validate_sent_text = true;
  MaskSource mask_source{};  ///< Required for a client.
  /// Where memory comes from while there is something to keep. Must outlive the connections.
  const BlockSource* blocks = &heap_blocks();
};

/// Errc::close_code_not_allowed, control_too_long or invalid_text if we may not say this in a Close
/// frame; no code: an empty frame, which has no room for a reason. 1010 is for clients. §5.5.1,
/// §7.4.
[[nodiscard]] std::error_code check_close(Role role, std::optional<CloseCode> code,
                                          std::string_view reason) noexcept;

/// Bytes in, events out; calls in, bytes out. No socket, no clock, no thread: a driver owns those.
///
/// The driver's loop: read into receive_window(), feed() it, call next() until NeedInput, write
/// output(), then do as transport_action() says. Replies that the RFC demands (pong, echo of Close,
/// Close of a failed connection) are in output() without being asked for.
///
/// Not thread-safe. Throws nothing but std::bad_alloc, after which only destroying it is useful.
class Connection {
 public:
  /// `codec`: of the extension that was agreed on, if there was one.
  Connection(Role role, std::shared_ptr<const ConnectionOptions> options,
             std::unique_ptr<MessageCodec> codec = nullptr);
  Connection(Role role, const ConnectionOptions& options,
             std::unique_ptr<MessageCodec> codec = nullptr);

  // Input.

  /// Gives the machine bytes to digest. They are borrowed and changed in place, and must stay until
  /// next() returns NeedInput or keep_unread_input() is called. Requires that earlier input is
  /// digested.
  void feed(MutableBytes input) noexcept;
  /// The stream has ended. If no Close frame came before, next() will return Failed with
  /// Errc::connection_lost once the input is digested.
  void feed_eof() noexcept { eof_ = true; }
  /// The next thing that happened. Views in it are valid until the next call of next(), feed() or
  /// receive_window(); sending, pinging and closing do not invalidate them.
  [[nodiscard]] Event next();
  /// Where to read next: usually `shared`; inside a long payload a place of the message's own, so
  /// that the kernel's copy is the last one. What is read there must be fed before anything else.
  [[nodiscard]] MutableBytes receive_window(MutableBytes shared);
  /// Copies what next() has not digested, so that the caller may reuse its buffer (a paused
  /// reader). next() goes on with the copy.
  void keep_unread_input();
  /// In the middle of a text, binary or continuation frame: more of it is to come.
  [[nodiscard]] bool inside_data_frame() const noexcept;
  /// Part of a message has come and its end has not.
  [[nodiscard]] bool receiving_message() const noexcept {
    return assembler_.under_way() || inside_data_frame();
  }
  /// True if next() has something to digest.
  [[nodiscard]] bool has_unread_input() const noexcept { return !input_.empty(); }

  // Output. Each call appends whole frames to output(), or changes nothing and says why.

  /// A message, or with `fin` false its first part; the parts after it have Opcode::continuation.
  /// The first part decides about compression for all.
  [[nodiscard]] std::error_code send(Opcode opcode, Bytes payload, bool fin = true,
                                     Compress compress = Compress::if_agreed,
                                     TextCheck check = TextCheck::needed);
  [[nodiscard]] std::error_code ping(Bytes payload = {});
  /// An unsolicited pong (§5.5.3); the pongs that are owed go out by themselves.
  [[nodiscard]] std::error_code pong(Bytes payload = {});
  /// Starts the closing handshake. No code: an empty Close frame. The peer's messages are still
  /// delivered until its Close comes.
  [[nodiscard]] std::error_code close(std::optional<CloseCode> code = CloseCode::normal,
                                      std::string_view reason = {});
  /// Fails the connection for a reason that the driver found (§7.1.7): sends a Close frame with
  /// close_code_for(error) and digests nothing more. No event follows.
  void fail(std::error_code error);
  /// Why a whole message could not be sent now; for messages that were encoded elsewhere.
  [[nodiscard]] std::error_code check_message() const noexcept {
    return check_send(Opcode::binary);
  }
  /// A long message of a server with nothing waiting before it: only the header is made, the caller
  /// writes header and payload together. Nothing if send() has to be used, or would refuse.
  [[nodiscard]] std::optional<FrameHead> begin_gather(Opcode opcode, Bytes payload,
                                                      Compress compress = Compress::if_agreed);
  /// Sends the message that next() has just delivered, or its beginning, from where it lies: the
  /// header is written in front of the payload, into what the peer's header took, and nothing is
  /// copied. The driver writes the frame after output() and before it uses the memory again that it
  /// had fed. Nothing if send() has to be used, or would refuse; it answers once for a message.
  [[nodiscard]] std::optional<Bytes> send_in_place(Opcode opcode, Bytes payload,
                                                   Compress compress = Compress::if_agreed);
  /// `payload` is all of the message, or of the fragment, that next() has just delivered, and it
  /// was put together in memory of its own, as long messages are.
  [[nodiscard]] bool holds_delivered(Bytes payload) const noexcept;
  /// Hands that memory over, for a driver that has called begin_gather() for it: the message stays
  /// valid as long as the block. Null if there is none.
  [[nodiscard]] Block::Ptr take_delivered() noexcept { return assembler_.take_delivered(); }
  /// While the kernel takes no more, pongs are held back and only the latest is kept (§5.5.3), so
  /// that a peer which pings and does not read cannot grow our memory. If the pong that was held
  /// back cannot be masked, the connection fails without an event: look at failed().
  void set_output_blocked(bool blocked);

  [[nodiscard]] ByteBuffer& output() noexcept { return output_; }
  [[nodiscard]] const ByteBuffer& output() const noexcept { return output_; }

  // State, derived from what was sent and received.

  [[nodiscard]] TransportAction transport_action() const noexcept;
  [[nodiscard]] State state() const noexcept;
  [[nodiscard]] bool close_sent() const noexcept { return close_sent_; }
  [[nodiscard]] bool close_received() const noexcept { return close_received_; }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] Role role() const noexcept { return role_; }
  [[nodiscard]] const ConnectionOptions& options() const noexcept { return *options_; }
  /// Nothing is under way in either direction, none of the ends has begun to close, and no codec
  /// has a context: whatever comes next, a new connection of the same role and options would do the
  /// same. So one may serve many streams in turn, and a stream that idles needs none.
  [[nodiscard]] bool is_like_new() const noexcept;
  /// Messages may be compressed.
  [[nodiscard]] bool compresses() const noexcept { return codec_ != nullptr; }
  /// Bytes of memory held for input, messages, output and compression; 0 when idle and the latter
  /// was not agreed on.
  [[nodiscard]] std::size_t memory() const noexcept;

 private:
  // Rare ways are kept out of line: inlined into the usual one they cost it its registers.
  [[nodiscard]] bool take_usual_message(Event& out);
  [[gnu::noinline]] void next_from_input(Event& event);
  void forget_input();
  void on_data(const FrameChunk& chunk, bool has_header, Event& event);
  [[nodiscard]] Event on_control(const FrameChunk& chunk);
  [[nodiscard]] Event on_ping(Bytes payload);
  [[nodiscard]] Event on_close(Bytes payload);
  [[nodiscard]] Event fail_with(std::error_code error);
  [[nodiscard]] bool may_be_sent_as_text(Bytes payload) const noexcept;
  [[nodiscard]] std::error_code check_send(Opcode opcode) const noexcept;
  [[nodiscard, gnu::noinline]] std::error_code send_part(Opcode opcode, Bytes payload, bool fin,
                                                         Compress compress, TextCheck check);
  [[nodiscard]] std::error_code send_control(Opcode opcode, Bytes payload);
  [[nodiscard, gnu::noinline]] std::error_code append(const FrameHeader& unmasked, Bytes payload);
  void make_room_for_batch(std::size_t first);
  [[nodiscard]] std::error_code append_encoded(FrameHeader header, Bytes payload);
  [[nodiscard]] bool is_to_be_encoded(Opcode opcode, Bytes payload,
                                      Compress compress) const noexcept;
  [[nodiscard]] std::error_code append_close(std::optional<CloseCode> code,
                                             std::string_view reason);

  std::shared_ptr<const ConnectionOptions> options_;
  std::unique_ptr<MessageCodec> codec_;
  FrameDecoder decoder_;
  MessageAssembler assembler_;
  MutableBytes input_;
  UsualFrame ahead_;         // at the front of the input, if next() has looked at it already
  MutableBytes in_place_;    // the message that was delivered last, if it lies in the input
  ByteBuffer kept_input_;    // of a paused reader
  ByteBuffer control_;       // a control frame that the input cut
  ByteBuffer pending_pong_;  // the payload of a pong owed while the output is blocked
  ByteBuffer output_;

  Role role_;
  Utf8Validator sent_utf8_;  // of a fragmented text message of ours
  // Facts, not states: the states are derived from them.
  bool close_sent_ = false;
  bool close_received_ = false;
  bool failed_ = false;
  bool eof_ = false;
  bool control_delivered_ = false;
  bool output_blocked_ = false;
  bool pong_pending_ = false;
  bool delivered_is_valid_text_ = false;
  bool sending_encoded_ = false;           // our fragmented message is compressed
  Opcode sending_ = Opcode::continuation;  // our fragmented message; continuation: none
};

// Asked for every message.

inline State Connection::state() const noexcept {
  if (failed_ || (close_sent_ && close_received_)) return State::closed;
  return close_sent_ || close_received_ ? State::closing : State::open;
}

inline std::error_code Connection::check_send(Opcode opcode) const noexcept {
  if (is_control(opcode) || is_reserved(opcode)) return Errc::unsupported_frame;
  if (state() != State::open) return Errc::not_open;
  const bool under_way = sending_ != Opcode::continuation;
  if (under_way && opcode != Opcode::continuation) return Errc::message_under_way;
  if (!under_way && opcode == Opcode::continuation) return Errc::no_message_under_way;
  return {};
}

}  // namespace wirespan
