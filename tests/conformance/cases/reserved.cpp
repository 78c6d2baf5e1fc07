// Groups 3 and 4: reserved bits and opcodes without an extension. RFC 6455 §5.2.
#include "cases/build.hpp"

namespace conformance {
namespace {

const Octets mixed_octets = from_hex("00fffefdfcfb00ff");

/// A good message, a bad frame, and a ping that must stay unanswered.
Script good_then(SendFrame bad) { return {send_text(Octets(hello)), std::move(bad), send_ping()}; }

void add_opcodes(Cases& out, const std::string& group, std::uint8_t first,
                 const std::string& kind) {
  const auto describe = [&](unsigned offset) {
    return "Reserved " + kind + " opcode " + std::to_string(first + offset);
  };
  const auto code = [first](unsigned offset) { return static_cast<std::uint8_t>(first + offset); };
  add(out, group + ".1", describe(0) + ", no payload.", expectation::protocol_error,
      [=] { return failure({send(code(0), {})}); });
  add(out, group + ".2", describe(1) + " with payload.", expectation::protocol_error,
      [=] { return failure({send(code(1), "reserved opcode payload")}); });
  add(out, group + ".3", "A text message, then " + describe(2) + ", then a ping.",
      expectation::after_echo,
      [=] { return failure_after(text_event(Octets(hello)), good_then(send(code(2), {}))); });
  add(out, group + ".4", "A text message, then " + describe(3) + " with payload, then a ping.",
      expectation::after_echo, [=] {
        return failure_after(text_event(Octets(hello)), good_then(send(code(3), Octets(hello))));
      });
  add(out, group + ".5", "As before with " + describe(4) + ", all sent octet by octet.",
      expectation::after_echo, [=] {
        return failure_after(text_event(Octets(hello)),
                             chopped(good_then(send(code(4), Octets(hello))), 1));
      });
}

}  // namespace

void add_reserved(Cases& out) {
  const Octets text(hello);
  add(out, "3.1", "A text message with RSV3 set.", expectation::protocol_error,
      [=] { return failure({send(opcode::text, text, true, 1)}); });
  add(out, "3.2", "A good text message, one with RSV2 set, a ping.", expectation::after_echo, [=] {
    return failure_after(text_event(text), good_then(send(opcode::text, text, true, 2)));
  });
  add(out, "3.3", "As 3.2 with RSV2 and RSV3, each frame on its own.", expectation::after_echo,
      [=] {
        return failure_after(text_event(text), apart(good_then(send(opcode::text, text, true, 3))));
      });
  add(out, "3.4", "As 3.2 with RSV1, sent octet by octet.", expectation::after_echo, [=] {
    return failure_after(text_event(text),
                         chopped(good_then(send(opcode::text, text, true, 4)), 1));
  });
  add(out, "3.5", "A binary message with RSV1 and RSV3.", expectation::protocol_error,
      [] { return failure({send(opcode::binary, mixed_octets, true, 5)}); });
  add(out, "3.6", "A binary message with RSV1 and RSV2.", expectation::protocol_error,
      [=] { return failure({send(opcode::binary, text, true, 6)}); });
  add(out, "3.7", "A Close frame with all three reserved bits set.", expectation::protocol_error,
      [] { return failure({send(opcode::close, {}, true, 7)}); });
  add_opcodes(out, "4.1", 3, "data");
  add_opcodes(out, "4.2", 11, "control");
}

}  // namespace conformance
