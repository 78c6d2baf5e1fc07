// places.hpp - where and when a call is made: the two other dimensions of the tables of calls.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan::test {

/// The place that a call is made from: a thread, or one of the callbacks.
enum class Place : std::uint8_t {
  loop_task,
  loop_timer,
  other_thread,
  on_open,
  on_reconnect,
  on_message,
  on_data,
  on_fragment,
  on_ping,
  on_pong,
  on_drain,
  on_error,
  on_close,
  on_ended,
  should_reconnect,
  header,
  on_socket,
  get_mask_key,
  on_request,
  on_http,
};
inline const char* name_of(Place place) {
  constexpr const char* names[] = {"a task of the loop",
                                   "a timer of the loop",
                                   "another thread",
                                   "on_open",
                                   "on_reconnect",
                                   "on_message",
                                   "on_data",
                                   "on_fragment",
                                   "on_ping",
                                   "on_pong",
                                   "on_drain",
                                   "on_error",
                                   "on_close",
                                   "on_ended",
                                   "should_reconnect",
                                   "the header callable",
                                   "on_socket",
                                   "get_mask_key",
                                   "on_request",
                                   "on_http"};
  return names[static_cast<std::size_t>(place)];
}

/// The state of the object that the call is made on.
enum class CallState : std::uint8_t {
  without_run,  ///< Before the first run, or an empty handle.
  down,         ///< A run is under way, and has no connection.
  keeping,      ///< The same with WhileDown::keep.
  open,
  backlog,      ///< Open, with unsent bytes, and room for more.
  full,         ///< Open, with more unsent bytes than send_hard_limit.
  closing,      ///< close() was called on the loop.
  peer_closed,  ///< The peer's Close has come.
  ended,
  over,  ///< The server's run() has returned.
};
inline const char* name_of(CallState state) {
  constexpr const char* names[] = {"without_run", "down",    "keeping",     "open",  "backlog",
                                   "full",        "closing", "peer_closed", "ended", "over"};
  return names[static_cast<std::size_t>(state)];
}

/// Returns the code of the exception that the call throws; none if it returns.
inline std::error_code code_thrown_by(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

/// A name for the list of tests: letters, digits and underscores alone.
inline std::string test_name(std::string text) {
  for (char& c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return text;
}

}  // namespace wirespan::test
