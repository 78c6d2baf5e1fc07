// handler_failure.cpp - an exception of a server's handler: its line in the log, and on_error.
#include <exception>
#include <string>
#include <string_view>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/server/handler_failure.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan {
namespace {

/// Bytes of an exception's text that are logged. The text may contain input of the peer.
constexpr std::size_t longest_text = 512;

void log_failure(RepeatedLine& repeated, std::string_view handler, std::string_view text,
                 TimePoint now) {
  std::string line(handler);
  line.append(" has thrown an exception: ").append(text.substr(0, longest_text));
  repeated.log(LogLevel::error, line, now);
}

void tell(HandlerFailureLines& lines, const ServerHandlers& handlers,
          const ServerConnection& connection, const std::exception& failure, TimePoint now) {
  log_failure(lines.handler, "a handler of the server", failure.what(), now);
  try {
    if (handlers.on_error) handlers.on_error(connection, failure);
  } catch (const std::exception& second) {
    log_failure(lines.on_error, "on_error of the server", second.what(), now);
  } catch (...) {
    log_failure(lines.on_error, "on_error of the server", "no std::exception", now);
  }
}

}  // namespace

void report_handler_failure(HandlerFailureLines& lines, const ServerHandlers& handlers,
                            const ServerConnection& connection, TimePoint now) noexcept {
  try {
    try {
      throw;
    } catch (const std::exception& failure) {
      tell(lines, handlers, connection, failure, now);
    } catch (...) {
      tell(lines, handlers, connection,
           WebSocketException(make_error_code(Errc::handler_failed), "no std::exception"), now);
    }
  } catch (...) {  // no memory for the log: on_close still gets Errc::handler_failed
    return;
  }
}

}  // namespace wirespan
