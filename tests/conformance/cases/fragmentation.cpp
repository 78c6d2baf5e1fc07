// Group 5: messages in several frames, with control frames between them. RFC 6455 §5.4.
#include "cases/build.hpp"

namespace conformance {
namespace {

using opcode::continuation;
using opcode::text;

Octets part(int number) { return "fragment" + std::to_string(number); }

const Octets stray = "non-continuation payload";

Script two_parts() { return {send(text, part(1), false), send(continuation, part(2))}; }

Script ping_between() {
  return {send(text, part(1), false), send_ping("ping payload"), send(continuation, part(2))};
}

Script stray_then_text(bool fin) {
  return {send(continuation, stray, fin), send_text(Octets(hello))};
}

/// Returns the same three frames twice.
Script orphan_first(bool fin) {
  Script script;
  for (int i = 0; i < 2; ++i) {
    script.emplace_back(send(continuation, part(1), fin));
    script.emplace_back(send(text, part(2), false));
    script.emplace_back(send(continuation, part(3)));
  }
  return script;
}

Plan with_pause(bool each_apart) {
  Script script{send(text, part(1), false),
                send(continuation, part(2), false),
                send_ping("pongme 1!"),
                Wait{.time = 1s},
                send(continuation, part(3), false),
                send(continuation, part(4), false),
                send_ping("pongme 2!"),
                send(continuation, part(5))};
  if (each_apart) script = apart(std::move(script));
  return echo(std::move(script), {pong_event("pongme 1!"), pong_event("pongme 2!"),
                                  text_event(part(1) + part(2) + part(3) + part(4) + part(5))});
}

/// Adds three cases: as is, each frame in a write call of its own, and octet by octet.
void add_three(Cases& out, int first, const std::string& description, const char* expected,
               const std::function<Script()>& script, const std::function<Plan(Script)>& plan) {
  const auto id = [&](int offset) { return "5." + std::to_string(first + offset); };
  add(out, id(0), description + ".", expected, [=] { return plan(script()); });
  add(out, id(1), description + ", each frame on its own.", expected,
      [=] { return plan(apart(script())); });
  add(out, id(2), description + ", sent octet by octet.", expected,
      [=] { return plan(chopped(script(), 1)); });
}

void add_errors(Cases& out) {
  const auto fails = [](Script script) { return failure(std::move(script)); };
  add_three(
      out, 9, "A final continuation frame with nothing to continue, then a text message",
      expectation::protocol_error, [] { return stray_then_text(true); }, fails);
  add_three(
      out, 12, "A continuation frame with nothing to continue, then a text message",
      expectation::protocol_error, [] { return stray_then_text(false); }, fails);
  add(out, "5.15", "A text in two frames, then a continuation of nothing, then a text message.",
      expectation::after_echo, [] {
        Script script = two_parts();
        script.emplace_back(send(continuation, part(3), false));
        script.emplace_back(send_text(part(4)));
        return failure_after(text_event(part(1) + part(2)), std::move(script));
      });
  add(out, "5.16", "Twice: a continuation of nothing (FIN clear), then a text in two frames.",
      expectation::protocol_error, [] { return failure(orphan_first(false)); });
  add(out, "5.17", "Twice: a continuation of nothing (FIN set), then a text in two frames.",
      expectation::protocol_error, [] { return failure(orphan_first(true)); });
  add(out, "5.18", "A text message begins while another one is not finished.",
      expectation::protocol_error, [] {
        return failure({send(text, part(1), false), send_text(part(2))});
      });
}

}  // namespace

void add_fragmentation(Cases& out) {
  add(out, "5.1", "A ping in two fragments.", expectation::protocol_error, [] {
    return failure({send(opcode::ping, part(1), false), send(continuation, part(2))});
  });
  add(out, "5.2", "A pong in two fragments.", expectation::protocol_error, [] {
    return failure({send(opcode::pong, part(1), false), send(continuation, part(2))});
  });
  add_three(out, 3, "A text message in two fragments", expectation::echo, two_parts,
            [](Script script) { return echo(std::move(script), {text_event(part(1) + part(2))}); });
  add_three(
      out, 6, "A text message in two fragments with a ping between them",
      "The pong first, then the message; closed with 1000.", ping_between, [](Script script) {
        return echo(std::move(script), {pong_event("ping payload"), text_event(part(1) + part(2))});
      });
  add_errors(out);
  for (const bool each_apart : {false, true}) {
    add(out, each_apart ? "5.20" : "5.19",
        "A text in five fragments with two pings and a pause of a second" +
            std::string(each_apart ? ", each frame on its own." : "."),
        "The first pong, the second, the message; closed with 1000.",
        [=] { return with_pause(each_apart); });
  }
}

}  // namespace conformance
