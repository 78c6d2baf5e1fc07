// server_handlers.hpp - the callbacks of a WebSocketServer.
#pragma once

#include <exception>
#include <functional>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <wirespan/app/server_connection.hpp>
#include <wirespan/app/server_request.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/message.hpp>

namespace wirespan {

/// The on_close of a server. Converts from a callable with or without the cause, which comes last:
///   [](const ServerConnection&, CloseCode, std::string_view reason) { ... }
///   [](const ServerConnection&, CloseCode, std::string_view reason, std::error_code cause) { ... }
class CloseHandler {
 public:
  /// The full form; the cause is the last argument.
  using Function =
      std::function<void(const ServerConnection&, CloseCode, std::string_view, std::error_code)>;

  CloseHandler() = default;
  /// None.
  CloseHandler(std::nullptr_t) {}  // NOLINT: implicit, as std::function
  // NOLINTBEGIN(bugprone-forwarding-reference-overload): the constraints leave copies alone
  /// Any callable with the arguments of the full form.
  template <class Callable>
  requires(!std::is_same_v<std::decay_t<Callable>, CloseHandler> &&
           std::is_constructible_v<Function, Callable>)
      CloseHandler(Callable&& callable)  // NOLINT: implicit, as std::function
      : function_(std::forward<Callable>(callable)) {}
  /// Any callable without the cause.
  template <class Callable>
  requires(!std::is_same_v<std::decay_t<Callable>, CloseHandler> &&
           !std::is_constructible_v<Function, Callable> &&
           std::is_invocable_v<std::decay_t<Callable>&, const ServerConnection&, CloseCode,
                               std::string_view>)
      CloseHandler(Callable&& callable)  // NOLINT: implicit, as std::function
      : function_([call = std::forward<Callable>(callable)](
                      const ServerConnection& connection, CloseCode code, std::string_view reason,
                      std::error_code) mutable { call(connection, code, reason); }) {}
  // NOLINTEND(bugprone-forwarding-reference-overload)

  /// True if there is a callable. Calling the handler requires one.
  explicit operator bool() const noexcept { return function_ != nullptr; }
  /// Calls it.
  void operator()(const ServerConnection& connection, CloseCode code, std::string_view reason,
                  std::error_code cause) const {
    function_(connection, code, reason, cause);
  }

 private:
  Function function_;
};

/// The callbacks of a WebSocketServer; each may stay empty. They run on the thread of the
/// connection's loop: one at a time for one connection, at once for connections of different loops.
/// Arguments are borrowed, valid until the handler returns; the handle may be copied. An exception
/// that a handler throws reaches on_error and closes that connection with 1011; the log has the
/// first one, then one a minute.
struct ServerHandlers {
  /// Decides on an upgrade request, after the origin check: accepts or rejects it, at once or
  /// later. Empty: every request is accepted.
  std::function<void(PendingRequest)> on_request{};
  /// Answers a request that is no upgrade (health checks, metrics, a page). Empty: 426.
  std::function<HttpResponse(const HttpRequest&)> on_http{};
  /// The opening handshake is done. Called first for each connection.
  std::function<void(const ServerConnection&)> on_open{};
  /// A whole text or binary message has come.
  std::function<void(const ServerConnection&, const Message&)> on_message{};
  /// With ServerOptions::deliver_fragments: one fragment of a fragmented message has come.
  std::function<void(const ServerConnection&, const Fragment&)> on_fragment{};
  /// A ping or a pong has come. The connection answers a ping by itself.
  std::function<void(const ServerConnection&, Bytes payload)> on_ping{};
  std::function<void(const ServerConnection&, Bytes payload)> on_pong{};
  /// Backpressure has ended: no more than the low watermark is unsent after a backlog was above the
  /// high watermark, or after a message was refused.
  std::function<void(const ServerConnection&)> on_drain{};
  /// The connection has ended. Called last, once for each connection that was open, also if the
  /// server is destroyed with open connections (then on the destroying thread). Code and reason are
  /// those of the peer's Close frame: 1005 for a frame without a code, 1006 if none came. The
  /// cause, which a callable may take as a fourth argument, is the error that ended the connection:
  /// none after a closing handshake, Errc::handler_failed after an exception of a handler. Inside
  /// on_close, buffered_amount() returns the bytes that were lost. RFC 6455 §7.1.5, §7.1.6.
  CloseHandler on_close{};
  /// A handler has thrown. The connection is an empty handle if that handler was on_request or
  /// on_http; the client gets 500 then. Exceptions of on_error itself are only logged.
  std::function<void(const ServerConnection&, const std::exception&)> on_error{};
};

}  // namespace wirespan
