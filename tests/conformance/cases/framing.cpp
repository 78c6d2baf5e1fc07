// Group 1: frames of all length forms. RFC 6455 §5.2. Group 2: pings and pongs. §5.5.2, §5.5.3.
#include <array>

#include "cases/build.hpp"

namespace conformance {
namespace {

struct FramingCase {
  std::size_t length = 0;
  std::size_t chop = 0;
  milliseconds limit{1000};
};

constexpr std::array framing_cases{FramingCase{.length = 0},
                                   FramingCase{.length = 125},
                                   FramingCase{.length = 126},
                                   FramingCase{.length = 127},
                                   FramingCase{.length = 128},
                                   FramingCase{.length = 65535, .limit = 10s},
                                   FramingCase{.length = 65536, .limit = 10s},
                                   FramingCase{.length = 65536, .chop = 997, .limit = 10s}};

Script ten_pings() {
  Script script;
  for (int i = 0; i < 10; ++i) script.emplace_back(send_ping("payload-" + std::to_string(i)));
  return script;
}

std::vector<Event> ten_pongs() {
  std::vector<Event> events;
  for (int i = 0; i < 10; ++i) events.push_back(pong_event("payload-" + std::to_string(i)));
  return events;
}

void add_ping(Cases& out, const std::string& id, const std::string& what, const Octets& payload,
              std::size_t chop = 0, milliseconds limit = 1s) {
  add(out, id, "A ping " + what + ".", "One pong with the same payload; closed with 1000.",
      [=] { return echo(chopped({send_ping(payload)}, chop), {pong_event(payload)}, limit); });
}

/// Adds a case with an unsolicited pong, after which the suite closes.
void add_pong(Cases& out, const std::string& id, const Octets& payload) {
  add(out, id, "An unsolicited pong" + std::string(payload.empty() ? "." : " with payload."),
      "Nothing comes back; a clean close with 1000.", [=] {
        Plan plan =
            closing({send(opcode::pong, payload), Close{close_payload(1000)}}, {1000}, true);
        plan.close.code_decides = false;
        return plan;
      });
}

}  // namespace

void add_framing(Cases& out) {
  for (const bool binary : {false, true}) {
    int number = 0;
    for (const auto& row : framing_cases) {
      const std::string id = std::string(binary ? "1.2." : "1.1.") + std::to_string(++number);
      const std::string kind = binary ? "binary" : "text";
      const std::string pieces =
          row.chop == 0 ? "" : ", sent in pieces of " + std::to_string(row.chop) + " octets";
      add(out, id,
          "A " + kind + " message of " + std::to_string(row.length) + " octets in one frame" +
              pieces + ".",
          expectation::echo, [row, binary] {
            const Octets payload(row.length, binary ? '\xfe' : '*');
            return echo(chopped({send(binary ? opcode::binary : opcode::text, payload)}, row.chop),
                        {{Event::Kind::message, payload, binary}}, row.limit);
          });
    }
  }
}

void add_pings(Cases& out) {
  const Octets unsolicited = "unsolicited pong payload";
  add_ping(out, "2.1", "without payload", {});
  add_ping(out, "2.2", "with text in it", Octets(hello));
  add_ping(out, "2.3", "with octets that are not text", from_hex("00fffefdfcfb00ff"));
  add_ping(out, "2.4", "with the longest payload, 125 octets", Octets(125, '\xfe'));
  add(out, "2.5", "A ping with a payload of 126 octets, one too many.", expectation::protocol_error,
      [] { return failure({send_ping(Octets(126, '\xfe'))}); });
  add_ping(out, "2.6", "of 125 octets, sent octet by octet", Octets(125, '\xfe'), 1, 2s);
  add_pong(out, "2.7", {});
  add_pong(out, "2.8", unsolicited);
  add(out, "2.9", "An unsolicited pong, then a ping.", "One pong, for the ping; closed with 1000.",
      [=] {
        return echo({send(opcode::pong, unsolicited), send_ping("ping payload")},
                    {pong_event("ping payload")});
      });
  add(out, "2.10", "Ten pings back to back.", "Ten pongs in the same order; closed with 1000.",
      [] { return echo(ten_pings(), ten_pongs(), 3s); });
  add(out, "2.11", "Ten pings, sent octet by octet.",
      "Ten pongs in the same order; closed with 1000.",
      [] { return echo(chopped(ten_pings(), 1), ten_pongs(), 3s); });
}

}  // namespace conformance
