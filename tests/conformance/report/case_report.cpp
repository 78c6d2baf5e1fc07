// case_report.cpp - results as JSON values.
#include "cases/clause.hpp"
#include "report/report.hpp"

namespace conformance {
namespace {

Json optional_code(const std::optional<std::uint16_t>& code) {
  return code ? Json(int{*code}) : Json();
}

Json reason_of(const std::optional<std::uint16_t>& code, const std::string& reason) {
  return code ? Json(excerpt(reason, 125)) : Json();
}

Json event_json(const Event& event) {
  switch (event.kind) {
    case Event::Kind::message:
      return Json::Array{"message", event.payload, event.binary};
    case Event::Kind::pong:
      return Json::Array{"pong", event.payload};
    case Event::Kind::timeout:
      return Json::Array{"timeout", event.payload};
    case Event::Kind::exchange:
      break;
  }
  return Json::Array{"exchange", event.payload};
}

Json events_json(const std::vector<Event>& events) {
  Json::Array out;
  for (const auto& event : events) out.push_back(event_json(event));
  return out;
}

Json expected_json(const Result& result) {
  Json::Object out;
  for (const auto& each : result.expected) out[name_of(each.verdict)] = events_json(each.events);
  return out;
}

Json codes_json(const CloseRule& rule) {
  Json::Array out;
  for (const auto code : rule.codes) out.emplace_back(int{code});
  return out;
}

Json log_json(const Log& log) {
  Json::Array out;
  for (const auto& entry : log.entries()) {
    Json::Object line;
    line["at"] = entry.at;
    line["what"] = entry.what;
    if (entry.note) {
      line["note"] = true;
    } else {
      line["sent"] = entry.sent;
      line["size"] = entry.size;
      line["hex"] = to_hex(entry.payload);
      line["text"] = excerpt(entry.payload, Log::kept_payload);
    }
    out.emplace_back(std::move(line));
  }
  return out;
}

void add_ending(Json::Object& out, const Facts& facts) {
  out["closedByMe"] = facts.closed_by_suite;
  out["failedByMe"] = facts.failed_by_suite;
  out["droppedByMe"] = facts.dropped_by_suite;
  out["wasClean"] = facts.clean;
  out["wasNotCleanReason"] = facts.clean ? Json() : Json(facts.unclean_reason);
  out["wasServerConnectionDropTimeout"] = facts.drop_timed_out;
  out["wasOpenHandshakeTimeout"] = facts.handshake_timed_out;
  out["wasCloseHandshakeTimeout"] = facts.close_timed_out;
  out["localCloseCode"] = optional_code(facts.local_code);
  out["localCloseReason"] = reason_of(facts.local_code, facts.local_reason);
  out["remoteCloseCode"] = optional_code(facts.remote_code);
  out["remoteCloseReason"] = reason_of(facts.remote_code, facts.remote_reason);
  out["reactionTime"] = facts.reaction ? Json(*facts.reaction) : Json();
}

std::string printable(const std::string& head) { return excerpt(head, head.size()); }

}  // namespace

std::string slug_of(const std::string& agent) {
  std::string out;
  for (const char c : lower_case(agent)) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    out += kept ? c : '_';
  }
  const auto first = out.find_first_not_of('_');
  if (first == std::string::npos) return {};
  return out.substr(first, out.find_last_not_of('_') - first + 1);
}

std::string report_file_of(const std::string& agent, const std::string& id) {
  return slug_of(agent) + "_case_" + slug_of(id) + ".json";
}

Json index_entry(const Result& result) {
  return Json::Object{{"behavior", name_of(result.judgement.behavior)},
                      {"behaviorClose", name_of(result.judgement.close)},
                      {"duration", static_cast<std::int64_t>(result.facts.duration)},
                      {"remoteCloseCode", optional_code(result.facts.remote_code)},
                      {"reportfile", report_file_of(result.agent, result.id)}};
}

Json case_report(const Result& result) {
  const Facts& facts = result.facts;
  Json::Object out{{"agent", result.agent},
                   {"id", result.id},
                   {"case", result.number},
                   {"description", result.description},
                   {"expectation", result.expectation},
                   {"clause", clause_of(result.id)},
                   {"started", result.started},
                   {"duration", facts.duration},
                   {"reportTime", result.timed},
                   {"behavior", name_of(result.judgement.behavior)},
                   {"behaviorClose", name_of(result.judgement.close)},
                   {"result", result.judgement.result},
                   {"resultClose", result.judgement.close_result},
                   {"expected", expected_json(result)},
                   {"received", events_json(facts.received)},
                   {"isServer", result.role == Role::server},
                   {"httpRequest", printable(facts.request)},
                   {"httpResponse", printable(facts.response)},
                   {"rxOctets", facts.octets_in},
                   {"txOctets", facts.octets_out},
                   {"applicationOctets", facts.application_octets},
                   {"wirelog", log_json(result.log)},
                   {"wirelogLeftOut", result.log.left_out()}};
  out["expectedClose"] = Json::Object{{"closedByMe", result.close_rule.by_suite},
                                      {"requireClean", result.close_rule.clean},
                                      {"closeCode", codes_json(result.close_rule)}};
  add_ending(out, facts);
  return out;
}

Json page_data(const std::string& agent, const std::vector<Result>& results) {
  Json::Array cases;
  for (const auto& result : results) cases.push_back(case_report(result));
  return Json::Object{{"agent", agent}, {"slug", slug_of(agent)}, {"cases", std::move(cases)}};
}

}  // namespace conformance
