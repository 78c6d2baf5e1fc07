// handlers.hpp - the callbacks of a WebSocketApp.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan {

class WebSocketApp;

/// One callback of a WebSocketApp. Signatures are void(Arguments...).
template <class Signature>
class Handler;

/// A callback, or none: an empty one does nothing when it is called. Converts from any callable;
/// copies share it. A handler may be assigned while it runs: the running callable lives until it
/// returns.
template <class... Arguments>
class Handler<void(Arguments...)> {
 public:
  Handler() = default;
  /// None.
  Handler(std::nullptr_t) {}  // NOLINT: implicit
  /// Any callable with these arguments.
  template <class Callable>
  requires std::is_invocable_v<Callable&, Arguments...> &&
      (!std::is_same_v<std::remove_cvref_t<Callable>, Handler>)
          Handler(Callable&& callable)  // NOLINT: implicit, as std::function
      : function_(std::make_shared<Function>(std::forward<Callable>(callable))) {}

  /// True if there is a callable.
  explicit operator bool() const noexcept { return function_ && *function_; }
  /// Calls the callable, if there is one. Its exceptions pass.
  void operator()(Arguments... arguments) const {
    const std::shared_ptr<const Function> running = function_;
    if (running && *running) (*running)(std::forward<Arguments>(arguments)...);
  }

 private:
  using Function = std::function<void(Arguments...)>;
  std::shared_ptr<const Function> function_;
};

/// The callbacks of a WebSocketApp; each may stay empty. All run on the thread that is inside
/// run_forever(), one at a time. Their arguments are borrowed: valid until the handler returns. An
/// exception that a handler throws reaches on_error, and the connection goes on.
struct AppHandlers {
  /// The opening handshake is done. Called after a reconnect, too, if there is no on_reconnect.
  Handler<void(WebSocketApp&)> on_open{};
  /// A connection has opened after another one or a failed attempt (RunOptions::reconnect).
  Handler<void(WebSocketApp&)> on_reconnect{};
  /// A whole text or binary message has come.
  Handler<void(WebSocketApp&, const Message&)> on_message{};
  /// An attempt to connect, the connection, or another handler has failed. Not called for a closing
  /// handshake, nor for a failure of the connection after close(). An exception of on_error itself
  /// ends the run with 1011.
  Handler<void(WebSocketApp&, const std::exception&)> on_error{};
  /// Called once per run, last, after the connection was torn down. Code and reason are those of
  /// the peer's Close frame: 1005 for a frame without a code, 1006 for a connection that was lost
  /// or failed, std::nullopt if there never was a connection.
  Handler<void(WebSocketApp&, std::optional<CloseCode>, std::string_view reason)> on_close{};
  /// A ping has come; the connection answers it with a pong by itself.
  Handler<void(WebSocketApp&, Bytes payload)> on_ping{};
  /// A pong has come, whether a ping asked for it or not.
  Handler<void(WebSocketApp&, Bytes payload)> on_pong{};
  /// One fragment of a fragmented message has come. A connection that opens while this handler is
  /// set delivers fragments one by one, as with AppOptions::fire_cont_frame.
  Handler<void(WebSocketApp&, const Fragment&)> on_cont_message{};
  /// Every message and fragment, before on_message and on_cont_message. `type` is text or binary
  /// for a whole message and for the first fragment of one, then Opcode::continuation.
  Handler<void(WebSocketApp&, Bytes data, Opcode type, bool fin)> on_data{};
  /// Backpressure: there is room again. No more than AppOptions::send_low_watermark bytes are
  /// unsent, after a backlog was above the high watermark, or after a try_send() was refused.
  Handler<void(WebSocketApp&)> on_drain{};
};

}  // namespace wirespan
