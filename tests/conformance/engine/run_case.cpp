// run_case.cpp - runs a case as client or as server: connection, handshake, conversation, verdict.
#include "engine/run_case.hpp"

#include <stdexcept>

#include "engine/conversation.hpp"
#include "engine/judge.hpp"

namespace conformance {
namespace {

constexpr milliseconds connect_time{5000};
constexpr std::size_t kept_head = std::size_t{4} << 10;

void shorten(std::vector<Event>& events) {
  for (auto& event : events) event.payload = excerpt(event.payload);
}

Result begin(const Case& tested, Role role) {
  Result result;
  result.id = tested.id;
  result.description = tested.description;
  result.expectation = tested.expectation;
  result.timed = tested.timed;
  result.started = utc_now();
  result.role = role;
  return result;
}

void finish(Result& result, Plan& plan, double time_scale) {
  result.judgement = judge(plan, result.facts, result.role, time_scale);
  result.close_rule = plan.close;
  result.expected = std::move(plan.expected);
  for (auto& alternative : result.expected) shorten(alternative.events);
  shorten(result.facts.received);
  if (result.facts.request.size() > kept_head) result.facts.request.resize(kept_head);
  if (result.facts.response.size() > kept_head) result.facts.response.resize(kept_head);
}

void converse(Result& result, const Plan& plan, Link& link, HandshakeOutcome outcome,
              double time_scale) {
  if (!outcome.open) return;
  Conversation conversation(
      link, plan, {.role = result.role, .time_scale = time_scale, .deflate = outcome.deflate},
      result.facts, result.log);
  conversation.run(std::move(outcome.early));
}

}  // namespace

Url parse_url(const std::string& text) {
  const auto scheme_end = text.find("://");
  const std::string scheme = text.substr(0, scheme_end);
  if (scheme_end == std::string::npos || (scheme != "ws" && scheme != "wss")) {
    throw std::invalid_argument("not a ws: or wss: URL: " + text);
  }
  Url url;
  url.tls = scheme == "wss";
  const std::string rest = text.substr(scheme_end + 3);
  const auto slash = rest.find_first_of("/?");
  const std::string authority = rest.substr(0, slash);
  url.target = slash == std::string::npos ? "/" : rest.substr(slash);
  if (url.target.front() == '?') url.target.insert(0, "/");
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string::npos && authority.find(']', colon) == std::string::npos;
  url.host = authority.substr(0, has_port ? colon : std::string::npos);
  url.port = has_port ? authority.substr(colon + 1) : url.tls ? "443" : "80";
  if (url.host.size() > 2 && url.host.front() == '[')
    url.host = url.host.substr(1, url.host.size() - 2);
  if (url.host.empty()) throw std::invalid_argument("no host in " + text);
  return url;
}

namespace {

/// Returns host and port; an IPv6 address stands in brackets.
std::string authority_of(const Url& url) {
  const bool v6 = url.host.find(':') != std::string::npos;
  std::string text(v6 ? "[" : "");
  return text.append(url.host).append(v6 ? "]:" : ":").append(url.port);
}

}  // namespace

Result failed_to_run(const Case& tested, const std::string& why) {
  Result result = begin(tested, Role::client);
  result.judgement.result = why;
  return result;
}

Result run_as_client(const Case& tested, const Url& url, SSL_CTX* tls, double time_scale) {
  Result result = begin(tested, Role::client);
  Plan plan = tested.plan();
  Link link = Link::connect(url.host, url.port, url.tls ? tls : nullptr,
                            deadline_in(connect_time, time_scale));
  HandshakeFacts known{
      .host = authority_of(url), .target = url.target, .key = {}, .extensions = {}};
  auto outcome = open_as_client(link, plan, std::move(known), time_scale, result.facts);
  converse(result, plan, link, std::move(outcome), time_scale);
  finish(result, plan, time_scale);
  return result;
}

Result run_as_server(const Case& tested, Link& link, const ClientRequest& request,
                     double time_scale) {
  Result result = begin(tested, Role::server);
  Plan plan = tested.plan();
  auto outcome = open_as_server(link, plan, request, time_scale, result.facts);
  converse(result, plan, link, std::move(outcome), time_scale);
  finish(result, plan, time_scale);
  return result;
}

}  // namespace conformance
