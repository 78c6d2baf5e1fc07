// handler_failure.hpp - tells of an exception that a handler of the server has thrown. Private.
#pragma once

#include <wirespan/app/common/repeated_line.hpp>
#include <wirespan/app/server_handlers.hpp>

namespace wirespan {

/// Lines that a peer can cause with each message, if that makes a handler throw.
struct HandlerFailureLines {
  RepeatedLine handler;
  RepeatedLine on_error;
};

/// Call it inside a catch block: logs the text of the exception, bounded in length and in number,
/// and calls on_error each time. `connection` is empty if it was the handler of a request.
void report_handler_failure(HandlerFailureLines& lines, const ServerHandlers& handlers,
                            const ServerConnection& connection, TimePoint now) noexcept;

}  // namespace wirespan
