// origin_policy_rows_test.cpp - every field of OriginPolicy, ProxyPolicy and AcceptorOptions, with
// what its comment says of its values.
#include "options/life.hpp"
#include "options/rows.hpp"
#include <wirespan/app/server/acceptor.hpp>

namespace wirespan::test::origin_policy_rows {
namespace {

using Options = OriginPolicy;

/// A page of http://page.test connects.
std::string page(const Options& policy) {
  Life life;
  life.server.origins = policy;
  const RunOptions run{.proxy_from_environment = false, .origin = "http://page.test"};
  return live(life, run).story == works ? "welcome" : "refused";
}

const OptionRow<Options> rows[] = {
    {OPTION(allowed),
     page,
     {{{}, "refused"},
      {{"http://page.test"}, "welcome"},
      {{""}, "refused"},
      {{"page.test"}, "refused"}}},
    {OPTION(predicate),
     page,
     {{nullptr, "refused"},
      {[](std::string_view origin, std::string_view) { return origin == "http://page.test"; },
       "welcome"}}},
    {OPTION(allow_any), page, {{false, "refused"}, {true, "welcome"}}},
};

WIRESPAN_OPTION_TABLE(OriginPolicyRows, rows);

}  // namespace
}  // namespace wirespan::test::origin_policy_rows

namespace wirespan::test::proxy_policy_rows {
namespace {

using Options = ProxyPolicy;

/// A client that comes directly.
std::string direct_client(const ProxyPolicy& policy) {
  Life life;
  life.server.proxies = policy;
  const LifeReport report = live(life, AppOptions{}, direct);
  return report.story == works ? "served" : report.story;
}
std::string with_header(ProxyPolicy policy) {
  policy.trusted = {"127.0.0.1"};
  return direct_client(policy);
}

const std::string invalid = "server refused (invalid option)";

const OptionRow<Options> rows[] = {
    {OPTION(trusted),
     direct_client,
     {{{}, "served"}, {{"10.0.0.0/8", "::1", "unix"}, "served"}, {{""}, invalid}, {{"h"}, invalid}},
     CoveredBy{"ServerProxies.the_header_of_a_trusted_proxy_names_the_client"}},
    {OPTION(proxy_protocol),
     with_header,
     {{false, "served"}, {true, "0 echoes, no pong, failed (Connection reset by peer)"}},
     CoveredBy{"ServerProxies.a_proxy_header_comes_before_tls"}},
    {OPTION(header),
     with_header,
     {{"", "served"}, {"X-Real-IP", "served"}, {"Forwarded", "served"}, {"a b", invalid}},
     CoveredBy{"ServerProxies.the_header_of_a_trusted_proxy_names_the_client"}},
};

WIRESPAN_OPTION_TABLE(ProxyPolicyRows, rows);

}  // namespace
}  // namespace wirespan::test::proxy_policy_rows

namespace wirespan::test::acceptor_option_rows {
namespace {

using Options = AcceptorOptions;

const OptionRow<Options> rows[] = {
    {OPTION(head), CoveredBy{"HeadLimitRows.each_value_does_what_its_comment_says"}},
    {OPTION(handshake_time), CoveredBy{"ServerOptionRows.each_value_does_what_its_comment_says"}},
    {OPTION(keep_request),
     CoveredBy{"ServerKeptRequest.is_told_to_handlers_from_on_open_to_on_close"}},
    {OPTION(serves_http), CoveredBy{"ServerHttp.without_a_handler_it_is_a_426"}},
    {OPTION(unsendable_answer),
     CoveredBy{"ServerLog.a_header_that_an_answer_cannot_have_is_named"}},
};

WIRESPAN_OPTION_TABLE(AcceptorOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::acceptor_option_rows
