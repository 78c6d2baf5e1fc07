// handler_failure.hpp - reports an exception that a handler of the server has thrown. Private.
#pragma once

#include <wirespan/app/common/repeated_line.hpp>
#include <wirespan/app/server_handlers.hpp>

namespace wirespan {

/// Log lines limited in rate: a peer whose messages make a handler throw causes one per message.
struct HandlerFailureLines {
  RepeatedLine handler;
  RepeatedLine on_error;
};

/// Reports the exception of the catch block that it is called in: logs its text, at most 512 bytes
/// and limited in rate, and calls on_error each time. `connection` is empty if on_request or
/// on_http has thrown.
void report_handler_failure(HandlerFailureLines& lines, const ServerHandlers& handlers,
                            const ServerConnection& connection, TimePoint now) noexcept;

}  // namespace wirespan
