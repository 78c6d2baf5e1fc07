// build.hpp - short forms for the steps and plans that nearly all cases use.
#pragma once

#include <initializer_list>
#include <utility>

#include "cases/cases.hpp"

namespace conformance {

using namespace std::chrono_literals;

inline constexpr std::string_view hello = "Hello, world!";

[[nodiscard]] inline SendFrame send(std::uint8_t code, Octets payload, bool fin = true,
                                    std::uint8_t rsv = 0) {
  return {.frame = {.opcode = code, .payload = std::move(payload), .fin = fin, .rsv = rsv}};
}
[[nodiscard]] inline SendFrame send_text(Octets payload) {
  return send(opcode::text, std::move(payload));
}
[[nodiscard]] inline SendFrame send_ping(Octets payload = {}) {
  return send(opcode::ping, std::move(payload));
}

/// Cuts all frames of the script into write calls of `size` octets.
[[nodiscard]] Script chopped(Script script, std::size_t size);
/// Gives each frame a write call of its own.
[[nodiscard]] Script apart(Script script);

/// Expects the events; then, or after `limit`, the suite closes with 1000.
[[nodiscard]] Plan echo(Script script, std::vector<Event> events, milliseconds limit = 1s);

/// The other side has to fail the connection with `code`, or drop it, before the limit.
[[nodiscard]] Plan failure(Script script, std::uint16_t code = 1002, milliseconds limit = 1s);
/// Like failure(); `first` arrives before it (OK), or not even that (NON-STRICT).
[[nodiscard]] Plan failure_after(Event first, Script script);

/// The script contains the suite's Close frame; the other side may send only its answer.
[[nodiscard]] Plan closing(Script script, std::vector<std::uint16_t> codes, bool clean);

inline void add(Cases& out, std::string id, std::string description, std::string expectation,
                std::function<Plan()> plan, Roles roles = Roles::both) {
  out.push_back({.id = std::move(id),
                 .description = std::move(description),
                 .expectation = std::move(expectation),
                 .plan = std::move(plan),
                 .roles = roles});
}

namespace expectation {
inline constexpr auto echo =
    "The message comes back as it was; the suite closes with 1000 and is answered.";
inline constexpr auto protocol_error =
    "The connection is failed at once, with 1002 if with a code.";
inline constexpr auto after_echo =
    "The first message comes back, then the connection is failed with 1002; what follows the error "
    "is ignored. Without the echo: NON-STRICT.";
inline constexpr auto bad_utf8 = "The connection is failed at once, with 1007 if with a code.";
inline constexpr auto clean_close = "The closing handshake is answered and the connection ends.";
}  // namespace expectation

}  // namespace conformance
