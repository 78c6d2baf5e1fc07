// Group 6.1 to 6.4: text in fragments, and how early invalid text fails. RFC 6455 §8.1.
#include "cases/build.hpp"

namespace conformance {
namespace {

using opcode::continuation;
using opcode::text;

const Octets greek = from_hex("cebae1bdb9cf83cebcceb5");
const Octets edited = from_hex("656469746564");
const Octets surrogate_text = greek + from_hex("eda080") + edited;
const Octets beyond_text = greek + from_hex("f4908080") + edited;
const Octets umlauts = from_hex("48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121");

Plan echo_of(Script script, Octets payload) {
  return echo(std::move(script), {text_event(std::move(payload))});
}

Plan bad_text(Script script) {
  Plan plan = failure(std::move(script), 1007);
  plan.close.end_decides = true;
  return plan;
}

/// The invalid octet is in the second of three pieces: failing before the third is OK.
Plan early(Script script) {
  Plan plan = bad_text(std::move(script));
  plan.expected = {{Behavior::ok, {timeout_event("A")}},
                   {Behavior::non_strict, {timeout_event("A"), timeout_event("B")}}};
  return plan;
}

Plan in_fragments(const Octets& first, const Octets& second, const Octets& third) {
  return early({send(text, first, false), Wait{1s, "A"}, send(continuation, second, false),
                Wait{1s, "B"}, send(continuation, third)});
}

Plan in_one_frame(std::size_t first, std::size_t second) {
  const Frame frame{.opcode = text, .payload = beyond_text, .fin = false};
  return early({SendPart{frame, 0, first}, Wait{1s, "A"}, SendPart{frame, first, second},
                Wait{1s, "B"}, SendPart{frame, second, beyond_text.size()},
                send(continuation, {})});
}

void add_early(Cases& out) {
  const auto add_one = [&](const char* id, const char* description, std::function<Plan()> plan) {
    add(out, id, description,
        "Failed with 1007 as soon as the impossible octet is in; at the end only: NON-STRICT.",
        std::move(plan));
  };
  add_one("6.4.1", "Three fragments a second apart; the second is impossible.",
          [] { return in_fragments(greek, from_hex("f4908080"), edited); });
  add_one("6.4.2", "As 6.4.1, cut within the impossible character.",
          [] { return in_fragments(greek + "\xf4", "\x90", from_hex("8080") + edited); });
  add_one("6.4.3", "One frame in three pieces a second apart; the second is impossible.",
          [] { return in_one_frame(greek.size(), greek.size() + 4); });
  add_one("6.4.4", "As 6.4.3, cut within the impossible character.",
          [] { return in_one_frame(greek.size() + 1, greek.size() + 2); });
}

}  // namespace

void add_utf8_handling(Cases& out) {
  add(out, "6.1.1", "An empty text message.", expectation::echo,
      [] { return echo_of({send_text({})}, {}); });
  add(out, "6.1.2", "An empty text message in three empty fragments.", expectation::echo, [] {
    return echo_of({send(text, {}, false), send(continuation, {}, false), send(continuation, {})},
                   {});
  });
  add(out, "6.1.3", "Three fragments, the first and the last empty.", expectation::echo, [] {
    const Octets middle = "middle frame payload";
    return echo_of(
        {send(text, {}, false), send(continuation, middle, false), send(continuation, {})}, middle);
  });
  add(out, "6.2.1", "Text with two-octet characters in one frame.", expectation::echo,
      [] { return echo_of({send_text(umlauts)}, umlauts); });
  add(out, "6.2.2", "The same in two fragments, cut between characters.", expectation::echo, [] {
    return echo_of(
        {send(text, umlauts.substr(0, 15), false), send(continuation, umlauts.substr(15))},
        umlauts);
  });
  add(out, "6.2.3", "The same in fragments of one octet.", expectation::echo,
      [] { return echo_of({SendMessage{.payload = umlauts, .fragment = 1}}, umlauts); });
  add(out, "6.2.4", "A Greek word in fragments of one octet.", expectation::echo,
      [] { return echo_of({SendMessage{.payload = greek, .fragment = 1}}, greek); });
  add(out, "6.3.1", "Text with an encoded surrogate in one frame.", expectation::bad_utf8,
      [] { return bad_text({send_text(surrogate_text)}); });
  add(out, "6.3.2", "The same in fragments of one octet.", expectation::bad_utf8,
      [] { return bad_text({SendMessage{.payload = surrogate_text, .fragment = 1}}); });
  add_early(out);
}

}  // namespace conformance
