// Group W4.3: compressed messages that are unusual, wrong or hostile. RFC 7692 §6, §7.2.
#include "cases/deflate_build.hpp"
#include "wire/deflate.hpp"

namespace conformance {
namespace {

using opcode::continuation;
using opcode::text;

constexpr std::uint8_t rsv1 = 4;
const std::vector<std::uint16_t> bad_data{1002, 1007};

Plan with_deflate(Plan plan) {
  plan.deflate = {.offer = std::string(plain_offer), .answers = {{}}};
  return plan;
}

SendFrame deflated(Octets payload, bool fin = true) {
  return send(text, std::move(payload), fin, rsv1);
}

Octets compress(std::string_view message) { return Compressor({}).compress(message); }

void add_hello(Cases& out, const char* id, const char* what, const Script& script,
               std::size_t count = 1) {
  add(out, id, std::string(what) + " (an example of RFC 7692 §7.2.3).", expectation::echo, [=] {
    Plan plan = with_deflate(echo(script, std::vector<Event>(count, text_event("Hello"))));
    plan.deflate->needs_context = count > 1;
    return plan;
  });
}

void add_examples(Cases& out) {
  add_hello(out, "W4.3.1", "One block", {deflated(from_hex("f248cdc9c90700"))});
  add_hello(out, "W4.3.2", "One message in two frames",
            {deflated(from_hex("f248cd"), false), send(continuation, from_hex("c9c90700"))});
  add_hello(out, "W4.3.3", "Two messages, the second from the window of the first",
            {deflated(from_hex("f248cdc9c90700")), deflated(from_hex("f200110000"))}, 2);
  add_hello(out, "W4.3.4", "A block without compression",
            {deflated(from_hex("000500faff48656c6c6f00"))});
  add_hello(out, "W4.3.5", "A block with BFINAL", {deflated(from_hex("f348cdc9c9070000"))});
  add_hello(out, "W4.3.6", "Two blocks", {deflated(from_hex("f24805000000ffffcac9c90700"))});
  add(out, "W4.3.7", "An empty message, compressed.", expectation::echo,
      [] { return with_deflate(echo({deflated(Octets(1, '\0'))}, {text_event({})})); });
}

Plan mixed() {
  const Octets words = repeated("compression keeps what it saw. ", 400);
  Compressor compressor({});
  const Octets first = compressor.compress(words);
  const Octets third = compressor.compress(words);
  Plan plan =
      with_deflate(echo({deflated(first), send_text("not compressed"), deflated(third)},
                        {text_event(words), text_event("not compressed"), text_event(words)}));
  plan.deflate->needs_context = true;
  return plan;
}

Plan octet_fragments(bool pings) {
  const Octets words = Content::of(Nature::html)->window(0, 3000);
  const Octets data = compress(words);
  Script script{deflated(data.substr(0, 1), false)};
  std::vector<Event> events;
  for (std::size_t i = 1; i < data.size(); ++i) {
    if (pings && i % 100 == 0) {
      script.emplace_back(send_ping(std::to_string(i)));
      events.push_back(pong_event(std::to_string(i)));
    }
    script.emplace_back(send(continuation, data.substr(i, 1), i + 1 == data.size()));
  }
  events.push_back(text_event(words));
  return with_deflate(echo(std::move(script), std::move(events), 2s));
}

void add_unusual(Cases& out) {
  add(out, "W4.3.8", "Compressed, uncompressed, and compressed out of the first one's window.",
      expectation::echo, mixed);
  add(out, "W4.3.9", "A compressed message in frames of one octet.", expectation::echo,
      [] { return octet_fragments(false); });
  add(out, "W4.3.10", "The same with pings between.",
      "The pongs, then the message; closed with 1000.", [] { return octet_fragments(true); });
  add(out, "W4.3.11", "An uncompressed message though compression is agreed.", expectation::echo,
      [] { return with_deflate(echo({send_text("plain")}, {text_event("plain")})); });
}

void add_bits(Cases& out) {
  const auto add_one = [&](const char* id, const char* what, const Script& script) {
    add(out, id, what, expectation::protocol_error,
        [script] { return with_deflate(failure(script)); });
  };
  const Octets data = compress(hello);
  add_one("W4.3.12", "RSV1 on a continuation frame.",
          {deflated(data.substr(0, 3), false), send(continuation, data.substr(3), true, rsv1)});
  add_one("W4.3.13", "RSV1 on a ping.", {send(opcode::ping, {}, true, rsv1)});
  add_one("W4.3.14", "RSV1 on a Close frame.", {send(opcode::close, {}, true, rsv1)});
  add_one("W4.3.15", "RSV1 and RSV2 on a compressed message.", {send(text, data, true, 6)});
}

/// Returns data that refer to a message which is never sent.
Octets data_without_its_window() {
  const Octets words = Content::of(Nature::prose)->octets().substr(0, 4000);
  Compressor compressor({});
  (void)compressor.compress(words);
  return compressor.compress(words);
}

void add_bad_data(Cases& out) {
  const auto add_one = [&](const char* id, const char* what, const Octets& data) {
    add(out, id, what, "The connection is failed at once, with 1002 or 1007 if with a code.",
        [data] {
          Plan plan = failure({send(opcode::binary, data, true, rsv1)});
          plan.close.codes = bad_data;
          return with_deflate(std::move(plan));
        });
  };
  add_one("W4.3.16", "A block of the reserved type.", from_hex("0600"));
  add_one("W4.3.17", "A stored block whose lengths do not agree.",
          from_hex("000500000068656c6c6f"));
  add_one("W4.3.18", "A reference beyond the beginning.", data_without_its_window());
  add_one("W4.3.19", "Octets that are no DEFLATE.", Octets(64, '\xff'));
  add(out, "W4.3.20", "A message that is cut in the middle of a block.",
      "Observed only: RFC 7692 does not say what is to become of it.", [] {
        Plan plan = failure({deflated(compress(hello).substr(0, 6))});
        plan.informational = true;
        return with_deflate(std::move(plan));
      });
}

/// Returns a gibibyte of zeros as about a mebibyte.
Octets bomb() {
  constexpr std::size_t mebi = std::size_t{1} << 20;
  const Octets zeros(mebi, '\0');
  Compressor compressor({});
  Octets data = compressor.compress(zeros);
  data += from_hex("0000ffff");
  const Octets again = compressor.compress(zeros) + from_hex("0000ffff");
  for (int i = 0; i < 1023; ++i) data += again;
  return data;
}

void add_hostile(Cases& out) {
  add(out, "W4.3.21", "Compressed text that is not UTF-8.", expectation::bad_utf8,
      [] { return with_deflate(failure({deflated(compress("good\xff text"))}, 1007)); });
  add(out, "W4.3.22", "Compressed text that is not UTF-8, in a message that does not end.",
      "Failed within 250 ms with 1007, without waiting for the rest.", [] {
        const Octets data = compress(Octets(hello) + "\xff") + from_hex("0000ffff");
        Plan plan = with_deflate(failure({deflated(data, false)}, 1007));
        plan.reaction = 250ms;
        return plan;
      });
  add(out, "W4.3.23", "A gibibyte of zeros, compressed to a mebibyte.",
      "Failed with 1009 at the limit for messages, whatever that is.",
      [] { return with_deflate(failure({send(opcode::binary, bomb(), true, rsv1)}, 1009, 10s)); });
}

}  // namespace

void add_deflate_abuse(Cases& out) {
  add_examples(out);
  add_unusual(out);
  add_bits(out);
  add_bad_data(out);
  add_hostile(out);
}

}  // namespace conformance
