// run_option_rows_test.cpp - every option of RunOptions, with what its comment says of its values.
#include <sys/socket.h>

#include "options/life.hpp"
#include "options/reaching.hpp"
#include "options/rows.hpp"

namespace wirespan::test::run_option_rows {
namespace {

using Options = RunOptions;

/// The keep-alive pings that the server gets in five seconds and some milliseconds.
std::string pings_in_5_s(const Options& options) {
  Life life;
  life.stay = 5s;
  life.server.max_pings_per_second = most32;
  const LifeReport report = report_of(options, life);
  return report.story == works ? std::to_string(report.server_pings - 1) + " pings" : report.story;
}

/// A minute with pings every 20 s to a server that answers, then one to a server that is silent.
std::string ping_timeout(Options options) {
  options.ping_interval = 20s;
  Life life;
  life.stay = 1min;
  const std::string answered = report_of(options, life).story;
  if (answered != works) return answered;
  life.trouble = [](const Trouble& at) { at.network.silence_connections(); };
  const LifeReport silent = report_of(options, life);
  return "works; silent: " + silent.story + " after " + shown_time(silent.took);
}

std::string with_pings(Options options) {
  options.ping_interval = 10s;
  options.ping_timeout = 5s;
  Life life;
  life.stay = 1min;
  return report_of(options, life).story;
}

/// The first two attempts are refused.
std::string comes_back(const Options& options) {
  Life life;
  life.path = [](int attempt, const net::Endpoint&) {
    return attempt <= 2 ? refused() : net::SimulatedPath{};
  };
  const LifeReport report = report_of(options, life);
  if (report.attempts.empty()) return report.story;
  return std::to_string(report.attempts.size()) + " attempts in " + shown_time(report.took);
}

const OptionRow<Options> rows[] = {
    {OPTION(redirect_limit),
     story<Options>,
     {{0, works}, {1, works}, {3, works}, {INT_MAX, works}},
     CoveredBy{"ConnectRedirect.KEEP_the_limit_of_hops_FIX_it_a_circle_and_a_missing_location_are_"
               "errors"}},
    {OPTION(allow_insecure_redirect),
     story<Options>,
     {{false, works}, {true, works}},
     CoveredBy{"ConnectRedirect.FIX_wss_becomes_ws_only_if_that_is_allowed"}},
    {OPTION(proxy),
     first_peer_by_options<Options>,
     {{"", "the server"},
      {"http://192.0.2.9:3128", "192.0.2.9:3128"},
      {"ftp://192.0.2.9", "refused (invalid proxy)"}}},
    {OPTION(http_proxy_host),
     first_peer_by_options<Options>,
     {{"", "the server"}, {"192.0.2.9", "192.0.2.9:80"}}},
    {OPTION(http_proxy_port),
     first_peer_of_a_proxy<Options>,
     {{0, "192.0.2.9:80"}, {1, "192.0.2.9:1"}, {65'535, "192.0.2.9:65535"}}},
    {OPTION(http_proxy_auth),
     first_peer_of_a_proxy<Options>,
     {{std::nullopt, "192.0.2.9:80"}, {Credentials{"user", "password"}, "192.0.2.9:80"}},
     CoveredBy{"ConnectProxy.KEEP_credentials_go_to_the_proxy_and_not_to_the_server"}},
    {OPTION(proxy_type),
     first_peer_of_a_proxy<Options>,
     {{"http", "192.0.2.9:80"},
      {"https", "192.0.2.9:443"},
      {"socks5h", "192.0.2.9:1080"},
      {"", "refused (invalid proxy)"},
      {"HTTP", "refused (invalid proxy)"}}},
    {OPTION(http_no_proxy),
     first_peer_of_a_proxy<Options>,
     {{{}, "192.0.2.9:80"}, {{"127.0.0.1"}, "the server"}, {{"*"}, "the server"}}},
    {OPTION(http_proxy_timeout),
     time_of_a_silent_proxy<Options>,
     {{std::nullopt, "given up after 10 s"},
      {long_ago, "given up after 0 ms"},
      {0ms, "given up after 0 ms"},
      {1ms, "given up after 1 ms"},
      {for_ever, "given up after 10 s"}}},
    {OPTION(proxy_sslopt), CoveredBy{"ConnectProxy.FIX_https_speaks_tls_with_the_proxy"}},
    {OPTION(proxy_from_environment),
     first_peer_with_environment<Options>,
     {{true, "192.0.2.8:3128"}, {false, "the server"}}},
    {OPTION(sockopt),
     story<Options>,
     {{{}, works}, {{{SOL_SOCKET, SO_SNDBUF, 0}, {SOL_SOCKET, SO_SNDBUF, INT_MAX}}, works}},
     CoveredBy{"ConnectFrom.options_in_bytes_are_set_and_named_if_refused"}},
    {OPTION(local_address),
     story<Options>,
     {{"", works},
      {"127.0.0.1", works},
      {"127.0.0.1:0", works},
      {"nonsense", "refused (invalid option)"}}},
    {OPTION(interface),
     story<Options>,
     {{"", works},
      {std::string(15, 'i'), works},
      {std::string(16, 'i'), "refused (invalid option)"}}},
    {OPTION(on_socket),
     socket_calls<Options>,
     {{nullptr, "0 calls, " + works},
      {[](int) {}, "1 calls, " + works},
      {[](int) { throw std::runtime_error("no"); }, "1 calls, 0 echoes, no pong, failed (no)"}}},
    {OPTION(one_connecting_per_address),
     story<Options>,
     {{false, works}, {true, works}},
     CoveredBy{"StartOnLoop.R8_apps_with_one_server_connect_one_after_the_other"}},
    {OPTION(sslopt), CoveredBy{"ConnectTls.R11_only_those_who_prove_who_they_are"}},
    {OPTION(ping_interval),
     pings_in_5_s,
     {{long_ago, "refused (invalid option)"},
      {-1ms, "refused (invalid option)"},
      {0ms, "0 pings"},
      {1ms, "5004 pings"},
      {1s, "5 pings"},
      {for_ever, "0 pings"}}},
    {OPTION(ping_timeout),
     ping_timeout,
     {{std::nullopt, "works; silent: 6 echoes, a pong, failed (Connection timed out) after 60 s"},
      {long_ago, "refused (invalid option)"},
      {0ms, "refused (invalid option)"},
      {1ms, "6 echoes, a pong, failed (ping/pong timed out)"},
      {10s, "works; silent: 6 echoes, a pong, failed (ping/pong timed out) after 30 s"},
      {20s, "refused (invalid option)"},
      {for_ever, "refused (invalid option)"}}},
    {OPTION(only_pongs_count),
     with_pings,
     {{false, works}, {true, works}},
     CoveredBy{"AppHeartbeat.FIX_any_byte_counts_as_an_answer_unless_only_pongs_shall"}},
    {OPTION(ping_payload),
     with_pings,
     {{"", works},
      {std::string(125, 'p'), works},
      {std::string(126, 'p'), "refused (control frame payload above 125 bytes)"}}},
    {OPTION(match_pongs),
     [](Options o) {
       o.ping_payload.assign(105, 'p');
       const std::string longest = with_pings(o);
       o.ping_payload.assign(106, 'p');
       return longest + "; one byte more: " + with_pings(o);
     },
     {{false, works + "; one byte more: " + works},
      {true, works + "; one byte more: refused (invalid option)"}}},
    {OPTION(host),
     [](const Options& o) { return field(o, "Host"); },
     {{"", "127.0.0.1:port"}, {"example.org", "example.org"}}},
    {OPTION(origin),
     [](const Options& o) { return field(o, "Origin"); },
     {{std::nullopt, "http://127.0.0.1:port"}, {"", ""}, {"https://a.test", "https://a.test"}}},
    {OPTION(suppress_origin),
     [](const Options& o) { return field(o, "Origin"); },
     {{false, "http://127.0.0.1:port"}, {true, "none"}}},
    {OPTION(skip_utf8_validation),
     story<Options>,
     {{false, works}, {true, works}},
     CoveredBy{"AppMessages.R113_skip_utf8_validation_lets_everything_pass_as_it_is"}},
    {OPTION(reconnect),
     comes_back,
     {{{}, "1 attempts in 2 ms"},
      {0ms, "1 attempts in 2 ms"},
      {1ms, "3 attempts in 16 ms"},
      {1s, "3 attempts in 2 s"},
      {-1ms, "refused (invalid option)"},
      {for_ever, "1 attempts in 60 s"},
      {ReconnectPolicy{.delay = 1s, .jitter = Jitter::none}, "3 attempts in 3 s"}}},
};

WIRESPAN_OPTION_TABLE(RunOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::run_option_rows
