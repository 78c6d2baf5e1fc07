// build.cpp - the common kinds of plans: echo, failure, closing.
#include "cases/build.hpp"

namespace conformance {

Script chopped(Script script, std::size_t size) {
  for (auto& step : script) {
    if (auto* frame = std::get_if<SendFrame>(&step)) frame->chop = size;
  }
  return script;
}

Script apart(Script script) {
  for (auto& step : script) {
    if (auto* frame = std::get_if<SendFrame>(&step)) frame->apart = true;
  }
  return script;
}

Plan echo(Script script, std::vector<Event> events, milliseconds limit) {
  script.emplace_back(CloseLimit{limit});
  Plan plan;
  plan.script = std::move(script);
  plan.expected = {{Behavior::ok, std::move(events)}};
  return plan;
}

Plan failure(Script script, std::uint16_t code, milliseconds limit) {
  script.emplace_back(KillLimit{limit});
  Plan plan;
  plan.script = std::move(script);
  plan.expected = {{Behavior::ok, {}}};
  plan.close = {.by_suite = false, .clean = false, .codes = {code}};
  return plan;
}

Plan failure_after(Event first, Script script) {
  Plan plan = failure(std::move(script));
  plan.expected = {{Behavior::ok, {std::move(first)}}, {Behavior::non_strict, {}}};
  return plan;
}

Plan closing(Script script, std::vector<std::uint16_t> codes, bool clean) {
  script.emplace_back(KillLimit{1s});
  Plan plan;
  plan.script = std::move(script);
  plan.expected = {{Behavior::ok, {}}};
  plan.close = {.clean = clean, .codes = std::move(codes), .code_decides = true};
  plan.close_on_match = false;
  return plan;
}

}  // namespace conformance
