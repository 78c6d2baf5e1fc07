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

template <class Signature>
class Handler;

/// Something to call, or nothing. Made of any callable. It may be assigned while it runs: what runs
/// lives until it returns.
template <class... Arguments>
class Handler<void(Arguments...)> {
 public:
  Handler() = default;
  Handler(std::nullptr_t) {}  // NOLINT: implicit
  template <class Callable>
  requires std::is_invocable_v<Callable&, Arguments...> &&
      (!std::is_same_v<std::remove_cvref_t<Callable>, Handler>)
          Handler(Callable&& callable)  // NOLINT: implicit, as std::function
      : function_(std::make_shared<Function>(std::forward<Callable>(callable))) {}

  explicit operator bool() const noexcept { return function_ && *function_; }
  void operator()(Arguments... arguments) const {
    const std::shared_ptr<const Function> running = function_;
    if (running && *running) (*running)(std::forward<Arguments>(arguments)...);
  }

 private:
  using Function = std::function<void(Arguments...)>;
  std::shared_ptr<const Function> function_;
};

/// All are called on the thread that is inside run_forever(), one at a time. What they are given is
/// borrowed: valid until they return. An exception that one throws reaches on_error.
struct AppHandlers {
  /// The opening handshake is done. Also after a reconnect if there is no on_reconnect.
  Handler<void(WebSocketApp&)> on_open{};
  /// Connected again after a lost connection or a failed attempt.
  Handler<void(WebSocketApp&)> on_reconnect{};
  /// A whole text or binary message.
  Handler<void(WebSocketApp&, const Message&)> on_message{};
  /// Something failed: an attempt to connect, the connection, or another handler. Not called for a
  /// closing handshake, nor for what happens after close().
  Handler<void(WebSocketApp&, const std::exception&)> on_error{};
  /// Once per run, last, when everything is torn down. The code and reason of the peer's Close
  /// frame: 1005 for a frame without a code, 1006 for a connection that was lost or failed, nothing
  /// if there never was a connection.
  Handler<void(WebSocketApp&, std::optional<CloseCode>, std::string_view reason)> on_close{};
  /// A ping came; its pong is on its way.
  Handler<void(WebSocketApp&, Bytes payload)> on_ping{};
  Handler<void(WebSocketApp&, Bytes payload)> on_pong{};
  /// One frame of a fragmented message. Setting this turns on per-fragment delivery.
  Handler<void(WebSocketApp&, const Fragment&)> on_cont_message{};
  /// Every message and fragment, before on_message and on_cont_message. A whole message has its own
  /// type; of a fragmented one the first has it and the others are continuations.
  Handler<void(WebSocketApp&, Bytes data, Opcode type, bool fin)> on_data{};
};

}  // namespace wirespan
