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
#include <wirespan/core/expected.hpp>
#include <wirespan/core/frame.hpp>
#include <wirespan/core/frame_decoder.hpp>
#include <wirespan/core/message_assembler.hpp>
#include <wirespan/core/message_codec.hpp>
#include <wirespan/core/published_frame.hpp>

namespace wirespan {

/// State of the protocol. open: no Close frame was sent or received; closing: one was; closed: both
/// were, or the connection has failed. The transport may be open for longer.
enum class State : std::uint8_t { open, closing, closed };

/// The driver's next step with the transport, once output() is flushed.
enum class TransportAction : std::uint8_t {
  keep,               ///< Go on reading.
  close_after_flush,  ///< Write the rest of the output, then close; further input is ignored.
  await_peer_close,   ///< A client after both Close frames: the server closes TCP first (§7.1.1).
};

/// Options that connections share. They must not change while a connection uses them.
struct ConnectionOptions {
  ReceiveOptions receive{};  ///< Limits and checks for messages of the peer.
  /// Refuse to send text that is not UTF-8 (§6.1). False saves one pass over each text; only for an
  /// application whose text is known to be UTF-8.
  bool validate_sent_text = true;
  MaskSource mask_source{};  ///< Required for a client.
  /// The buffer pool that lends memory while there are bytes to keep. Must outlive the connections.
  const BlockSource* blocks = &heap_blocks();
};

/// Checks code and reason of a Close frame to send: Errc::close_code_not_allowed, control_too_long
/// (a reason above 123 bytes) or invalid_text. Without a code the frame is empty and has no room
/// for a reason. Only a client may send 1010. §5.5.1, §7.4.
[[nodiscard]] std::error_code check_close(Role role, std::optional<CloseCode> code,
                                          std::string_view reason) noexcept;

/// The protocol machine of one open connection, sans I/O: bytes in, events out; calls in, bytes
/// out. A driver owns the socket, the clock and the connection, from the end of the opening
/// handshake until the transport is closed.
///
/// The driver's loop: read into receive_window(), feed() it, call next() until NeedInput, write
/// output(), then do as transport_action() says. Replies that the RFC demands (pong, echo of Close,
/// Close of a failed connection) are in output() without being asked for.
///
/// The connection is open, closing or closed: see State. A violation of the protocol, a lost stream
/// or fail() makes it failed, and so closed. After the peer's Close frame or a failure next()
/// returns only NeedInput. send(), ping(), pong() and close() need the state open.
///
/// Not thread-safe. Throws nothing but std::bad_alloc, after which it may only be destroyed.
class Connection {
 public:
  /// `codec` is that of the agreed extension; null: there is none.
  Connection(Role role, std::shared_ptr<const ConnectionOptions> options,
             std::unique_ptr<MessageCodec> codec = nullptr);
  Connection(Role role, const ConnectionOptions& options,
             std::unique_ptr<MessageCodec> codec = nullptr);

  // Input.

  /// Takes input for next(). The bytes are borrowed and unmasked in place, and must stay until
  /// next() returns NeedInput or keep_unread_input() is called. Requires that next() has returned
  /// NeedInput for earlier input.
  void feed(MutableBytes input) noexcept;
  /// The stream has ended: the peer has half-closed it, or it is lost. If no Close frame came
  /// before, next() returns Failed with Errc::connection_lost after the events of earlier input.
  void feed_eof() noexcept { eof_ = true; }
  /// Returns the next event. Views in it are valid until the next call of next(), feed() or
  /// receive_window(); sending, pinging and closing do not invalidate them.
  [[nodiscard]] Event next();
  /// Returns the buffer for the next read: usually `shared`; inside a long payload the buffer of
  /// the message itself, so that the kernel's copy is the last one (zero-copy). Bytes that are read
  /// there must be fed before any others.
  [[nodiscard]] MutableBytes receive_window(MutableBytes shared);
  /// Copies the input that next() has not consumed, so that the caller may reuse its buffer while
  /// reading is paused. next() goes on with the copy.
  void keep_unread_input();
  /// True in the middle of a data frame (text, binary, continuation): more of it is to come.
  [[nodiscard]] bool inside_data_frame() const noexcept;
  /// True if part of a message has come and its end has not.
  [[nodiscard]] bool receiving_message() const noexcept {
    return assembler_.under_way() || inside_data_frame();
  }
  /// True if next() has not consumed all of the input.
  [[nodiscard]] bool has_unread_input() const noexcept { return !input_.empty(); }

  // Output. Each call appends whole frames to output(), or changes nothing and returns the error.

  /// Sends a message, or with `fin` false its first fragment; the fragments after it have
  /// Opcode::continuation. The first fragment decides about compression for all. Errors:
  /// Errc::not_open, invalid_text, no_mask_key; message_under_way, no_message_under_way or
  /// unsupported_frame for an opcode that may not come next; std::errc::not_enough_memory if zlib
  /// has none.
  [[nodiscard]] std::error_code send(Opcode opcode, Bytes payload, bool fin = true,
                                     Compress compress = Compress::if_agreed,
                                     TextCheck check = TextCheck::needed);
  /// Sends a ping of at most 125 bytes. Errors: Errc::not_open, control_too_long, no_mask_key.
  [[nodiscard]] std::error_code ping(Bytes payload = {});
  /// Sends an unsolicited pong (§5.5.3), with the same errors; next() answers pings by itself.
  [[nodiscard]] std::error_code pong(Bytes payload = {});
  /// Starts the closing handshake. Without a code the Close frame is empty. The peer's messages are
  /// still delivered until its Close frame comes. Errors: Errc::not_open, no_mask_key and those of
  /// check_close().
  [[nodiscard]] std::error_code close(std::optional<CloseCode> code = CloseCode::normal,
                                      std::string_view reason = {});
  /// Fails the connection for a reason that the driver found (§7.1.7): sends a Close frame with
  /// close_code_for(error), if the peer can still receive one, and drops the input. No event
  /// follows.
  void fail(std::error_code error);
  /// Returns the error that send() would return for the state; for published frames, which are
  /// encoded elsewhere.
  [[nodiscard]] std::error_code check_message() const noexcept {
    return check_send(Opcode::binary);
  }
  /// Returns the error that send() would return for this message, but for a lack of mask keys or
  /// memory; before other messages make room for it.
  [[nodiscard]] std::error_code check_message(Opcode opcode, Bytes payload,
                                              bool fin) const noexcept;
  /// Encodes a whole message, never compressed, apart from output(): its frame may be replaced by
  /// one with the same key until it is written (conflation). The caller writes it behind output().
  /// Errors: as send().
  [[nodiscard]] Expected<PublishedFrame::Ptr> encode_apart(Opcode opcode, Bytes payload,
                                                           std::string_view key, TextCheck check);
  /// Gather write of a long message: returns the header alone, and the caller writes header and
  /// payload together, without a copy. std::nullopt if send() has to be used, or would refuse: on a
  /// client, behind other output, while the output is blocked, for a message to be compressed.
  [[nodiscard]] std::optional<FrameHead> begin_gather(Opcode opcode, Bytes payload,
                                                      Compress compress = Compress::if_agreed);
  /// Zero-copy echo on a server: sends the message that next() has just delivered, or its
  /// beginning, from the input. The frame's header is written in front of the payload, over the
  /// peer's header, which was longer by the mask key. The driver writes the frame after output()
  /// and before it reuses the memory of the input. std::nullopt if send() has to be used, or would
  /// refuse; each message is sent in place once.
  [[nodiscard]] std::optional<Bytes> send_in_place(Opcode opcode, Bytes payload,
                                                   Compress compress = Compress::if_agreed);
  /// True if `payload` is all of the message, or of the fragment, that next() has just delivered,
  /// and it was reassembled in an owned buffer, as long messages are.
  [[nodiscard]] bool holds_delivered(Bytes payload) const noexcept;
  /// Hands that buffer over, for zero-copy echo by a driver that has called begin_gather() for it:
  /// the message stays valid as long as the block. Null if there is none.
  [[nodiscard]] Block::Ptr take_delivered() noexcept { return assembler_.take_delivered(); }
  /// Backpressure: the driver says whether the kernel refuses output. While it does, pongs are held
  /// back and only the latest is kept (§5.5.3), so that a peer which pings and does not read cannot
  /// grow the output. When the kernel takes output again, the held-back pong is sent; if it cannot
  /// be masked, the connection fails without an event: look at failed().
  void set_output_blocked(bool blocked);

  /// Frames for the driver to write; it calls consume() on them as the kernel takes them.
  [[nodiscard]] ByteBuffer& output() noexcept { return output_; }
  [[nodiscard]] const ByteBuffer& output() const noexcept { return output_; }

  // State, derived from what was sent and received.

  /// The driver's next step, once output() is flushed.
  [[nodiscard]] TransportAction transport_action() const noexcept;
  /// See State.
  [[nodiscard]] State state() const noexcept;
  /// Frames and failures seen so far.
  [[nodiscard]] bool close_sent() const noexcept { return close_sent_; }
  [[nodiscard]] bool close_received() const noexcept { return close_received_; }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  /// As given to the constructor.
  [[nodiscard]] Role role() const noexcept { return role_; }
  [[nodiscard]] const ConnectionOptions& options() const noexcept { return *options_; }
  /// True if a new connection of the same role and options would behave in the same way: nothing is
  /// under way in either direction, neither side has begun to close, and there is no codec. So one
  /// protocol object may serve many streams in turn, out of a protocol pool, and an idle stream
  /// needs none.
  [[nodiscard]] bool is_like_new() const noexcept;
  /// True if compression was agreed on.
  [[nodiscard]] bool compresses() const noexcept { return codec_ != nullptr; }
  /// Returns what is to be sent of a published message: its compressed form, which other
  /// connections share, if compression was agreed on and pays. Between messages, on a server.
  /// Throws std::bad_alloc.
  [[nodiscard]] PublishedFrame::Ptr published(const PublishedFrame::Ptr& frame) {
    return codec_ ? codec_->published(frame) : frame;
  }
  /// Bytes of memory held for input, messages, output and compression; 0 when idle without
  /// compression.
  [[nodiscard]] std::size_t memory() const noexcept;

 private:
  // Slow paths are kept out of line: inlined into the fast path they would take its registers.
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
  [[nodiscard]] bool next_mask_key(MaskKey& key) const;
  [[nodiscard, gnu::noinline]] std::error_code append(const FrameHeader& unmasked, Bytes payload);
  void make_room_for_batch(std::size_t first);
  [[nodiscard]] std::error_code append_encoded(FrameHeader header, Bytes payload);
  [[nodiscard]] bool is_to_be_encoded(Opcode opcode, Bytes payload,
                                      Compress compress) const noexcept;
  [[nodiscard]] std::error_code append_close(std::optional<CloseCode> code,
                                             std::string_view reason);

  std::shared_ptr<const ConnectionOptions> options_;
  std::unique_ptr<MessageCodec> codec_;  // null: no compression
  FrameDecoder decoder_;
  MessageAssembler assembler_;
  MutableBytes input_;     // not consumed yet; lies in kept_input_ if that is not empty
  UsualFrame ahead_;       // usual_frame() of input_, cached by the fast path; header_size 0: none
  MutableBytes in_place_;  // payload of the last event's message, if a server may echo it in place
  ByteBuffer kept_input_;  // copy of the input while reading is paused
  ByteBuffer control_;     // payload of a control frame that came in pieces
  ByteBuffer pending_pong_;  // payload of the pong that is held back while the output is blocked
  ByteBuffer output_;

  Role role_;
  Utf8Validator sent_utf8_;  // of the fragmented text message that is being sent
  // Facts, not states: state() and transport_action() are derived from them.
  // pong_pending_ => output_blocked_; sending_encoded_ => sending_ != Opcode::continuation.
  bool close_sent_ = false;
  bool close_received_ = false;
  bool failed_ = false;
  bool eof_ = false;
  bool control_delivered_ = false;  // the last event borrows from control_
  bool output_blocked_ = false;
  bool pong_pending_ = false;
  bool delivered_is_valid_text_ = false;   // the last event is a whole text that was validated
  bool sending_encoded_ = false;           // the fragmented message being sent is compressed
  Opcode sending_ = Opcode::continuation;  // opcode of the fragmented message; continuation: none
};

// Inline, because they run for every message.

inline State Connection::state() const noexcept {
  if (failed_ || (close_sent_ && close_received_)) return State::closed;
  return close_sent_ || close_received_ ? State::closing : State::open;
}

[[gnu::always_inline]] inline std::error_code Connection::check_send(Opcode opcode) const noexcept {
  if (is_control(opcode) || is_reserved(opcode)) return Errc::unsupported_frame;
  if (state() != State::open) return Errc::not_open;
  const bool under_way = sending_ != Opcode::continuation;
  if (under_way && opcode != Opcode::continuation) return Errc::message_under_way;
  if (!under_way && opcode == Opcode::continuation) return Errc::no_message_under_way;
  return {};
}

}  // namespace wirespan
