// app_world.hpp - one run of a WebSocketApp on a simulated network, brought into a state, and one
// call in it from one place.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "contract/calls/peer.hpp"
#include "contract/calls/places.hpp"
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan::test {

/// Limits of the app: the kernel takes `kernel_buffer`, and more is a backlog.
inline constexpr std::size_t kernel_buffer = 4'096;
inline constexpr std::size_t hard_limit = 20'000;
inline constexpr std::size_t backlog_size = 8'000;  // leaves room
inline constexpr std::size_t too_large = 40'000;    // above the limit; the first may be

/// The outcome of the call, and the fate of everything that the app has sent.
struct AppAftermath {
  std::optional<std::error_code> outcome{};  ///< Unset: the place was not reached.
  std::size_t buffered_before = 0;           ///< buffered_amount() around the call.
  std::size_t buffered_after = 0;
  std::size_t filler_bytes = 0;  ///< Payload that was sent to make the state.
  std::vector<std::string> got;  ///< Payloads that the peer got, without the filler.
  std::size_t got_bytes = 0;     ///< With the filler.
  std::size_t got_messages = 0;  ///< Data messages, with the filler.
  AppMetrics metrics{};
  RunResult result{};
  bool has_run = false;
  bool has_ended = false;  ///< The run has ended, and on_close came once.
  int closes = 0;
  std::size_t buffered_at_end = 0;
};

/// Makes `call` once at that place and in that state, then lets the peer read everything and ends
/// the run.
[[nodiscard]] AppAftermath call_on_app(CallState state, Place place,
                                       const std::function<std::error_code(WebSocketApp&)>& call);

/// The places at which an app can be in that state.
[[nodiscard]] std::vector<Place> places_of_app(CallState state);

}  // namespace wirespan::test
