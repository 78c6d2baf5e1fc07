#include <exception>
#include <string>
#include <string_view>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/log.hpp>
#include <wirespan/app/server/handler_failure.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan {
namespace {

/// Bytes of a text that the application chose, so possibly a peer.
constexpr std::size_t longest_text = 512;

void log_failure(std::string_view handler, std::string_view text) {
  std::string line(handler);
  line.append(" has thrown an exception: ").append(text.substr(0, longest_text));
  log(LogLevel::error, line);
}

void tell(const ServerHandlers& handlers, const ServerConnection& connection,
          const std::exception& failure) {
  log_failure("a handler of the server", failure.what());
  try {
    if (handlers.on_error) handlers.on_error(connection, failure);
  } catch (const std::exception& second) {
    log_failure("on_error of the server", second.what());
  } catch (...) {
    log_failure("on_error of the server", "no std::exception");
  }
}

}  // namespace

void report_handler_failure(const ServerHandlers& handlers,
                            const ServerConnection& connection) noexcept {
  try {
    try {
      throw;
    } catch (const std::exception& failure) {
      tell(handlers, connection, failure);
    } catch (...) {
      tell(handlers, connection,
           WebSocketException(make_error_code(Errc::handler_failed), "no std::exception"));
    }
  } catch (...) {  // no memory for the log: on_close still tells the cause
    return;
  }
}

}  // namespace wirespan
