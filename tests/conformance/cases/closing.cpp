// Group 7: the closing handshake. RFC 6455 §5.5.1, §7.
#include <array>

#include "cases/build.hpp"

namespace conformance {
namespace {

const Octets greeting = "Hello World!";

Close close_with(std::uint16_t code, std::string_view reason = {}) {
  return {close_payload(code, reason)};
}

Plan observed(Plan plan) {
  plan.informational = true;
  return plan;
}

/// A large message and a small one, a Close frame and a ping, all at once.
Plan flood_then_close() {
  return observed(closing({send_text(repeated("BAsd7&jh23", 262144)), send_text(greeting),
                           close_with(1000), send_ping()},
                          {1000}, true));
}

Plan echo_then_close() {
  Plan plan = closing({send_text(greeting), AwaitEvents{1}, close_with(1000)}, {1000}, true);
  plan.script.insert(plan.script.begin(), KillLimit{1s});
  plan.expected = {{Behavior::ok, {text_event(greeting)}}};
  return plan;
}

void add_after_close(Cases& out) {
  const auto silent = "Nothing but the answer to the Close frame; a clean end with 1000.";
  add(out, "7.1.1", "A text message; once it is back, a Close frame.", expectation::clean_close,
      echo_then_close);
  add(out, "7.1.2", "Two Close frames.", silent, [] {
    return closing({close_with(1000), send(opcode::close, {})}, {1000}, true);
  });
  add(out, "7.1.3", "A Close frame, then a ping.", silent, [] {
    return closing({close_with(1000), send_ping()}, {1000}, true);
  });
  add(out, "7.1.4", "A Close frame, then a text message.", silent, [] {
    return closing({close_with(1000), send_text(greeting)}, {1000}, true);
  });
  add(out, "7.1.5", "A Close frame between two fragments.", silent, [] {
    return closing({send(opcode::text, "fragment1", false), close_with(1000),
                    send(opcode::continuation, "fragment2")},
                   {1000}, true);
  });
  add(out, "7.1.6", "256 KiB of text, another message, a Close frame and a ping, all at once.",
      "Observed only: how much of it comes back is up to the other side.", flood_then_close);
}

void add_payloads(Cases& out) {
  const auto add_one = [&](const char* id, const char* description, const Octets& payload,
                           std::vector<std::uint16_t> codes, bool clean) {
    add(out, id, description, clean ? expectation::clean_close : expectation::protocol_error,
        [=] { return closing({Close{payload}}, codes, clean); });
  };
  add_one("7.3.1", "A Close frame without payload.", {}, {1000}, true);
  add_one("7.3.2", "A Close frame with one octet.", "a", {1002}, false);
  add_one("7.3.3", "A Close frame with a code.", close_payload(1000), {1000}, true);
  add_one("7.3.4", "A Close frame with a code and a reason.", close_payload(1000, greeting), {1000},
          true);
  add_one("7.3.5", "A Close frame with the longest reason, 123 octets.",
          close_payload(1000, Octets(123, '*')), {1000}, true);
  add_one("7.3.6", "A Close frame with a reason of 124 octets, one too many.",
          close_payload(1000, Octets(124, '*')), {1002}, false);
  add_one("7.5.1", "A Close frame with a reason that is not UTF-8.",
          close_payload(1000, from_hex("cebae1bdb9cf83cebcceb5eda080656469746564")), {1002, 1007},
          false);
}

void add_codes(Cases& out) {
  constexpr std::array<std::uint16_t, 13> valid{1000, 1001, 1002, 1003, 1007, 1008, 1009,
                                                1010, 1011, 3000, 3999, 4000, 4999};
  constexpr std::array<std::uint16_t, 9> invalid{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999};
  int number = 0;
  for (const auto code : valid) {
    add(out, "7.7." + std::to_string(++number),
        "A Close frame with the valid code " + std::to_string(code) + ".", expectation::clean_close,
        [code] {
          return closing({close_with(code)}, {1000, code}, true);
        });
  }
  number = 0;
  for (const auto code : invalid) {
    add(out, "7.9." + std::to_string(++number),
        "A Close frame with the invalid code " + std::to_string(code) + ".",
        expectation::protocol_error, [code] { return closing({close_with(code)}, {1002}, false); });
  }
  number = 0;
  for (const std::uint16_t code : {std::uint16_t{5000}, std::uint16_t{65535}}) {
    add(out, "7.13." + std::to_string(++number),
        "A Close frame with the code " + std::to_string(code) + ", of which nothing is said.",
        "Observed only.", [code] {
          return observed(closing({close_with(code)}, {1000, code}, false));
        });
  }
}

}  // namespace

void add_closing(Cases& out) {
  add_after_close(out);
  add_payloads(out);
  add_codes(out);
}

}  // namespace conformance
