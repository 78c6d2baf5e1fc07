// judge_server.cpp - serves the resources of a judged client, and keeps the results.
#include "programs/judge_server.hpp"

#include <algorithm>
#include <utility>

#include "report/json.hpp"

namespace conformance {
namespace {

constexpr milliseconds status_time{10'000};
constexpr milliseconds refusal_time{1000};

/// A conversation that is not a case: perhaps a message, then a Close frame without a code.
Case errand(Script script) {
  script.emplace_back(Close{});
  Plan plan;
  plan.script = std::move(script);
  plan.close_on_match = false;
  return {.id = "errand", .description = {}, .expectation = {}, .plan = [plan] { return plan; }};
}

}  // namespace

JudgeServer::JudgeServer(Settings settings, Cases cases)
    : settings_(std::move(settings)), cases_(std::move(cases)) {}

bool JudgeServer::serve(Link link) {
  const auto request = read_request(link, settings_.time_scale);
  if (!request) return false;
  const Target target = target_of(request->head.start_line);
  const std::string agent = target.parameter("agent");
  std::size_t number = 0;
  if (target.path == "/getCaseCount") {
    send_text(link, *request, std::to_string(cases_.size()));
  } else if (target.path == "/stopServer") {
    say_goodbye(link, *request);
    return true;
  } else if (target.path == "/updateReports" && !agent.empty()) {
    update_reports(agent);
    say_goodbye(link, *request);
    return target.parameter("shutdownOnComplete") == "true";
  } else if (target.path == "/getCaseInfo" && case_of(target, number) != nullptr) {
    const Case& found = *case_of(target, number);
    send_text(link, *request,
              Json(Json::Object{{"id", found.id}, {"description", found.description}}).text());
  } else if (target.path == "/getCaseStatus" && case_of(target, number) != nullptr) {
    send_text(link, *request, status_of(agent, case_of(target, number)->id));
  } else if (target.path == "/runCase" && !agent.empty()) {
    run_case(link, *request, target);
  } else {
    refuse(link, "unknown resource or missing parameter");
  }
  return false;
}

const Case* JudgeServer::case_of(const Target& target, std::size_t& number) const {
  const std::string id = target.parameter("casetuple");
  const auto found = std::ranges::find(cases_, id, &Case::id);
  number = id.empty() ? static_cast<std::size_t>(std::atoi(target.parameter("case").c_str()))
                      : static_cast<std::size_t>(found - cases_.begin()) + 1;
  return number >= 1 && number <= cases_.size() ? &cases_[number - 1] : nullptr;
}

void JudgeServer::run_case(Link& link, const ClientRequest& request, const Target& target) {
  std::size_t number = 0;
  const Case* tested = case_of(target, number);
  if (tested == nullptr) return refuse(link, "unknown case");
  const Running running(*this, target.parameter("agent"));
  Result result;
  if (const auto defect = request_defect(request.head)) {
    result.id = tested->id;
    result.judgement.result = "Bad request: " + *defect;
    refuse(link, *defect);
  } else {
    result = run_as_server(*tested, link, request, settings_.time_scale);
  }
  result.agent = target.parameter("agent");
  result.number = number;
  const std::scoped_lock lock(mutex_);
  settings_.on_result(result);
  unreported_.insert(result.agent);
  auto& of_agent = results_.try_emplace(result.agent, AgentResults(&id_less)).first->second;
  of_agent.insert_or_assign(result.id, std::move(result));
  changed_.notify_all();
}

void JudgeServer::send_text(Link& link, const ClientRequest& request,
                            const std::string& text) const {
  (void)run_as_server(errand({SendFrame{.frame = {.opcode = opcode::text, .payload = text}}}), link,
                      request, settings_.time_scale);
}

void JudgeServer::say_goodbye(Link& link, const ClientRequest& request) const {
  (void)run_as_server(errand({}), link, request, settings_.time_scale);
}

void JudgeServer::refuse(Link& link, const std::string& why) const {
  const std::string body = why + "\n";
  write_all(link,
            "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
            "Content-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body,
            0, deadline_in(refusal_time, settings_.time_scale));
  link.end_output();
}

std::string JudgeServer::status_of(const std::string& agent, const std::string& id) {
  std::unique_lock lock(mutex_);
  std::string status = "MISSING";
  changed_.wait_until(lock, deadline_in(status_time, settings_.time_scale), [&] {
    const auto found = results_.find(agent);
    if (found == results_.end() || !found->second.contains(id)) return false;
    status = name_of(found->second.at(id).judgement.behavior);
    return true;
  });
  return Json(Json::Object{{"behavior", status}}).text();
}

JudgeServer::Running::Running(JudgeServer& server, std::string agent)
    : server_(server), agent_(std::move(agent)) {
  const std::scoped_lock lock(server_.mutex_);
  ++server_.running_[agent_];
}

JudgeServer::Running::~Running() {
  const std::scoped_lock lock(server_.mutex_);
  --server_.running_[agent_];
  server_.changed_.notify_all();
}

/// Under the lock.
std::vector<Result> JudgeServer::results_of(const std::string& agent) const {
  std::vector<Result> out;
  const auto found = results_.find(agent);
  if (found == results_.end()) return out;
  for (const auto& [id, result] : found->second) out.push_back(result);
  return out;
}

/// Waits for all verdicts: a client may go on as soon as it has seen the end of a case.
void JudgeServer::await_verdicts(const std::string& agent) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline_in(status_time, settings_.time_scale),
                      [&] { return running_[agent] == 0; });
}

void JudgeServer::update_reports(const std::string& agent) {
  await_verdicts(agent);
  const std::scoped_lock lock(mutex_);
  unreported_.erase(agent);
  settings_.on_report(agent, results_of(agent));
}

void JudgeServer::report_the_rest() {
  const std::scoped_lock lock(mutex_);
  for (const auto& agent : unreported_) settings_.on_report(agent, results_of(agent));
  unreported_.clear();
}

}  // namespace conformance
