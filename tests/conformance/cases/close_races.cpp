// Group W3: Close frames that cross or precede other frames. RFC 6455 §5.5.1, §7.1, §7.4.
#include "cases/build.hpp"

namespace conformance {
namespace {

Close normal() { return {close_payload(1000)}; }

Plan after_event(Script script, std::vector<Event> events) {
  Plan plan = closing(std::move(script), {1000}, true);
  plan.expected = {{Behavior::ok, std::move(events)}};
  return plan;
}

void add_registered_codes(Cases& out) {
  int number = 0;
  for (const std::uint16_t code : {std::uint16_t{1012}, std::uint16_t{1013}, std::uint16_t{1014}}) {
    add(out, "W3.1." + std::to_string(++number),
        "A Close frame with the registered code " + std::to_string(code) + ".",
        expectation::clean_close, [code] {
          return closing({Close{close_payload(code)}}, {1000, code}, true);
        });
  }
  add(out, "W3.1.4", "A Close frame with 1015, which must not be sent.",
      expectation::protocol_error,
      [] { return closing({Close{close_payload(1015)}}, {1002}, false); });
}

void add_what_follows(Cases& out) {
  const auto silent = "Nothing but the answer to the Close frame; a clean end.";
  add(out, "W3.2.1", "A Close frame, octet by octet.", expectation::clean_close, [] {
    // The frame is sent as an ordinary one: the suite's own closing handshake would send it in one
    // piece.
    Script script = chopped({send(opcode::close, close_payload(1000, "bye"))}, 1);
    Plan plan = closing(std::move(script), {1000}, false);
    plan.close.by_suite = false;
    return plan;
  });
  add(out, "W3.2.2", "A Close frame, then octets that are no frame.", silent, [] {
    return closing({normal(), SendOctets{from_hex("ffffffffffffffffff")}}, {1000}, true);
  });
  add(out, "W3.2.3", "A Close frame, then half a frame.", silent, [] {
    return closing({normal(), SendOctets{from_hex("8185")}}, {1000}, true);
  });
  add(out, "W3.2.4", "A Close frame, then a megabyte of messages.", silent, [] {
    Script script{normal()};
    for (int i = 0; i < 16; ++i) {
      script.emplace_back(send(opcode::binary, Octets(65536, '*')));
    }
    return closing(std::move(script), {1000}, false);
  });
}

void add_what_precedes(Cases& out) {
  add(out, "W3.3.1", "A ping and a Close frame at once.", "The pong, then the answer.", [] {
    Plan plan = after_event({send_ping("ping"), normal()}, {pong_event("ping")});
    // RFC 6455 §5.5.2 makes the pong optional once a Close frame has come.
    plan.expected.push_back({Behavior::ok, {}});
    return plan;
  });
  add(out, "W3.3.2", "A message and a Close frame at once.",
      "The message may come back or not, then the answer.", [] {
        Plan plan = after_event({send_text(Octets(hello)), normal()}, {text_event(Octets(hello))});
        plan.expected.push_back({Behavior::ok, {}});
        return plan;
      });
  add(out, "W3.3.3", "A message is half sent, a Close frame follows its first fragment.",
      expectation::clean_close, [] {
        return closing({send(opcode::text, "half", false), normal()}, {1000}, true);
      });
  add(out, "W3.3.4", "Half a character in a fragment, then a Close frame.",
      expectation::clean_close, [] {
        return closing({send(opcode::text, "\xe2\x82", false), normal()}, {1000}, true);
      });
}

void add_reasons(Cases& out) {
  const auto euros = repeated("\xe2\x82\xac", 123);
  add(out, "W3.4.1", "The longest reason, of characters of three octets.", expectation::clean_close,
      [=] { return closing({Close{close_payload(1000, euros)}}, {1000}, true); });
  add(out, "W3.4.2", "A reason that ends within a character.", expectation::protocol_error, [=] {
    return closing({Close{close_payload(1000, euros.substr(0, 122))}}, {1002, 1007}, false);
  });
  add(out, "W3.4.3", "A Close frame with FIN clear.", expectation::protocol_error,
      [] { return failure({send(opcode::close, close_payload(1000), false)}); });
}

void add_ends(Cases& out) {
  const auto gone = "The other side ends the connection, too.";
  const auto half_closed = [](Script script) {
    script.emplace_back(EndOutput{});
    Plan plan = failure(std::move(script));
    plan.close.codes = {1000, 1001, 1002, 1011};
    return plan;
  };
  add(out, "W3.5.1", "The suite ends its half of TCP without a Close frame.", gone,
      [=] { return half_closed({}); });
  add(out, "W3.5.2", "The suite ends its half of TCP within a frame.", gone,
      [=] { return half_closed({SendOctets{from_hex("81")}}); });
  add(out, "W3.5.3", "The suite ends its half of TCP within a message.", gone,
      [=] { return half_closed({send(opcode::text, "half", false)}); });
}

}  // namespace

void add_close_races(Cases& out) {
  add_registered_codes(out);
  add_what_follows(out);
  add_what_precedes(out);
  add_reasons(out);
  add_ends(out);
}

}  // namespace conformance
