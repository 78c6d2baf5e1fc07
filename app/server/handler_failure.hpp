// handler_failure.hpp - tells of an exception that a handler of the server has thrown. Private.
#pragma once

#include <wirespan/app/server_handlers.hpp>

namespace wirespan {

/// Call it inside a catch block: logs the text of the exception, bounded in length, and calls
/// on_error. `connection` is empty if it was the handler of a request.
void report_handler_failure(const ServerHandlers& handlers,
                            const ServerConnection& connection) noexcept;

}  // namespace wirespan
