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

/// The on_close of a server: takes a callable with or without the cause, which comes last.
///   [](const ServerConnection&, CloseCode, std::string_view reason) { ... }
///   [](const ServerConnection&, CloseCode, std::string_view reason, std::error_code cause) { ... }
class CloseHandler {
 public:
  using Function =
      std::function<void(const ServerConnection&, CloseCode, std::string_view, std::error_code)>;

  CloseHandler() = default;
  CloseHandler(std::nullptr_t) {}  // NOLINT: implicit, as std::function
  // NOLINTBEGIN(bugprone-forwarding-reference-overload): the constraints leave copies alone
  template <class Callable>
  requires(!std::is_same_v<std::decay_t<Callable>, CloseHandler> &&
           std::is_constructible_v<Function, Callable>)
      CloseHandler(Callable&& callable)  // NOLINT: implicit, as std::function
      : function_(std::forward<Callable>(callable)) {}
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

  explicit operator bool() const noexcept { return function_ != nullptr; }
  void operator()(const ServerConnection& connection, CloseCode code, std::string_view reason,
                  std::error_code cause) const {
    function_(connection, code, reason, cause);
  }

 private:
  Function function_;
};

/// Called on the thread of the connection's loop, for one connection one at a time; with several
/// threads different connections are served at once. What they are given is borrowed: valid until
/// they return, but the handle may be copied. An exception that one throws reaches on_error and
/// closes that connection with 1011; the log has the first one, then one a minute.
struct ServerHandlers {
  /// Decides on a request: accepts or rejects it, now or later. Without it everything is accepted,
  /// and no subprotocol is chosen. Asked after the origin was found welcome.
  std::function<void(PendingRequest)> on_request{};
  /// Answers a request that is no upgrade (health checks, metrics, a page). Without it: 426.
  std::function<HttpResponse(const HttpRequest&)> on_http{};
  std::function<void(const ServerConnection&)> on_open{};
  std::function<void(const ServerConnection&, const Message&)> on_message{};
  /// With ServerOptions::deliver_fragments: the frames of fragmented messages, as they come.
  std::function<void(const ServerConnection&, const Fragment&)> on_fragment{};
  std::function<void(const ServerConnection&, Bytes payload)> on_ping{};
  std::function<void(const ServerConnection&, Bytes payload)> on_pong{};
  /// The unsent bytes fell below the low watermark after they were above the high one.
  std::function<void(const ServerConnection&)> on_drain{};
  /// Once for each connection that was open, last, also if the server is destroyed with open
  /// connections (then on the destroying thread). Code and reason are those of the peer's Close
  /// frame: 1005 for a frame without a code, 1006 if none came. The cause, which a callable may
  /// take as a fourth argument, is the error that ended the connection; none after a closing
  /// handshake. An exception of a handler ends it with Errc::handler_failed. buffered_amount()
  /// tells what was lost. RFC 6455 §7.1.5, §7.1.6.
  CloseHandler on_close{};
  /// A handler has thrown. The connection is empty if that was on_request or on_http; the client
  /// gets 500 then. Exceptions of on_error itself are only logged.
  std::function<void(const ServerConnection&, const std::exception&)> on_error{};
};

}  // namespace wirespan
