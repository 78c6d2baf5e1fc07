// event.hpp - the events of a connection, as values. RFC 6455 §5, §7.
#pragma once

#include <string_view>
#include <system_error>
#include <variant>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/message.hpp>

namespace wirespan {

/// A ping came; its pong is already in the output, or held back while the output is blocked.
/// Borrowed as Message is.
struct Ping {
  Bytes payload;  ///< At most 125 bytes.
};

/// A pong came, solicited or not. Borrowed as Message is.
struct Pong {
  Bytes payload;  ///< At most 125 bytes.
};

/// The peer's Close frame came; its echo is already in the output unless a Close frame was sent
/// before (§5.5.1). Borrowed as Message is. No message follows.
struct CloseReceived {
  CloseCode code = CloseCode::no_status_received;  ///< 1005 for a frame without a code.
  std::string_view reason;                         ///< Valid UTF-8, at most 123 bytes.
};

/// The connection has failed (§7.1.7): the peer broke a rule, or is gone. A Close frame is in the
/// output if the peer can still receive one. No event follows. In an opening handshake: the request
/// or response was refused.
struct Failed {
  std::error_code error;  ///< The rule that was broken, or the failure.
};

/// All input was consumed: feed() more.
struct NeedInput {};

/// The result of Connection::next().
using Event = std::variant<NeedInput, Message, Fragment, Ping, Pong, CloseReceived, Failed>;

}  // namespace wirespan
