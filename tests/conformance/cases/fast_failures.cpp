// Group W5: a violation must fail the connection at once, although the frame or message is not
// complete and nothing follows. RFC 6455 §5.2, §5.4, §8.1, §10.4.
#include "cases/build.hpp"

namespace conformance {
namespace {

constexpr milliseconds reaction_time{250};
constexpr std::uint64_t mebi = std::uint64_t{1} << 20;

/// Returns a frame that announces `length` octets and has only this payload.
SendFrame promised(std::uint8_t code, Octets payload, std::uint64_t length, bool fin = true,
                   std::uint8_t rsv = 0) {
  SendFrame step = send(code, std::move(payload), fin, rsv);
  step.frame.claimed_length = length;
  return step;
}

Plan fast(Script script, std::uint16_t code = 1002) {
  Plan plan = failure(std::move(script), code);
  plan.reaction = reaction_time;
  return plan;
}

void add_fast(Cases& out, const char* id, const char* what, const Script& script,
              std::uint16_t code = 1002) {
  add(out, id, std::string(what) + "; no more comes.",
      "Failed within 250 ms with " + std::to_string(code) + ", without waiting for the rest.",
      [=] { return fast(script, code); });
}

void add_headers(Cases& out) {
  add_fast(out, "W5.1.1", "The header of a frame with a reserved opcode", {promised(3, {}, 100)});
  add_fast(out, "W5.1.2", "The header of a frame with a reserved bit",
           {promised(opcode::text, {}, 100, true, 2)});
  add_fast(out, "W5.1.3", "The header of a ping of 126 octets", {promised(opcode::ping, {}, 126)});
  add_fast(out, "W5.1.4", "The header of a fragmented ping",
           {promised(opcode::ping, {}, 10, false)});
  add_fast(out, "W5.1.5", "The header of a continuation of nothing",
           {promised(opcode::continuation, {}, 100)});
  add_fast(out, "W5.1.6", "The header of a new message within a fragmented one",
           {send(opcode::text, "one", false), promised(opcode::text, {}, 100)});
  SendFrame top_bit = promised(opcode::binary, {}, std::uint64_t{1} << 63);
  add_fast(out, "W5.1.7", "The header of a frame with the top bit of its length set", {top_bit});
  SendFrame masking = promised(opcode::text, {}, 100);
  masking.frame.masking = Masking::against_the_role;
  add_fast(out, "W5.1.8", "The header of a wrongly masked frame", {masking});
  add_fast(out, "W5.1.9", "The header of a Close frame of one octet",
           {promised(opcode::close, "a", 1)});
  add_fast(out, "W5.1.10", "The header of a frame of 2^62 octets",
           {promised(opcode::binary, {}, std::uint64_t{1} << 62)}, 1009);
}

void add_text(Cases& out) {
  add_fast(out, "W5.2.1", "A megabyte of text begins with the octet ff",
           {promised(opcode::text, "\xff", mebi)}, 1007);
  add_fast(out, "W5.2.2", "A megabyte of text begins with an encoded surrogate",
           {promised(opcode::text, from_hex("eda0"), mebi)}, 1007);
  add_fast(out, "W5.2.3", "A fragment ends within a character, the next cannot go on",
           {send(opcode::text, "\xe2\x82", false), promised(opcode::continuation, "x", mebi)},
           1007);
  add_fast(out, "W5.2.4", "64 KiB of good text and one bad octet of a megabyte",
           {promised(opcode::text, Octets(65536, 'a') + "\x80", mebi)}, 1007);
}

/// The answer to a ping or a Close frame must not wait for the end of an unfinished message.
void add_control_frames(Cases& out) {
  add(out, "W5.3.1", "A ping within a message that never ends.", "The pong comes within 250 ms.",
      [] {
        return echo({send(opcode::binary, Octets(65536, '*'), false), send_ping("now"),
                     Wait{reaction_time, "late"}},
                    {pong_event("now")});
      });
  add(out, "W5.3.2", "A Close frame within a message that never ends.",
      "The answer comes within 250 ms.", [] {
        Plan plan =
            closing({send(opcode::binary, Octets(65536, '*'), false), Close{close_payload(1000)}},
                    {1000}, true);
        plan.reaction = reaction_time;
        return plan;
      });
}

}  // namespace

void add_fast_failures(Cases& out) {
  add_headers(out);
  add_text(out);
  add_control_frames(out);
}

}  // namespace conformance
