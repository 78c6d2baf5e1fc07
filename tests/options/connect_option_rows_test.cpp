// connect_option_rows_test.cpp - every option of ConnectOptions, with what its comment says of its
// values.
#include <climits>

#include <sys/socket.h>

#include "options/life.hpp"
#include "options/reaching.hpp"
#include "options/rows.hpp"
#include <wirespan/app/cookie_jar.hpp>

namespace wirespan::test::connect_option_rows {
namespace {

using Options = ConnectOptions;

/// The server agrees on compression, and on a subprotocol if one is offered.
std::string agreed(const Options& options) {
  Life life;
  life.server.compression.emplace();
  if (!options.subprotocols.empty()) life.subprotocol = options.subprotocols.back();
  life.calls = [](WebSocket& socket, net::SimulatedNetwork&) {
    return socket.compression() ? std::string("compressed") : "\"" + socket.subprotocol() + "\"";
  };
  const std::string told = report_of(options, life).story;
  const std::string begin = "6 echoes, a pong, ";
  return told.starts_with(begin) ? told.substr(begin.size()) : told;
}

/// The time until connecting is given up; with a time that has no end, the answer comes.
std::string connect_time(const Options& options) {
  return options.connect_timeout == for_ever ? story(options) : time_without_an_answer(options);
}

/// A pong, then a receive call from a server that has nothing to say.
std::string receive_from_a_silent_server(const Options& options) {
  Life life;
  life.sizes = {};
  life.calls = [](WebSocket& socket, net::SimulatedNetwork& network) -> std::string {
    if (socket.gettimeout().value_or(for_ever) > 1h) return "for ever";
    const TimePoint begin = network.now();
    try {
      return std::string(socket.recv().text());
    } catch (const WebSocketException& error) {
      return error.code().message() + " after " +
             shown_time(std::chrono::duration_cast<Ms>(network.now() - begin));
    }
  };
  return report_of(options, life).story;
}

std::shared_ptr<CookieJar> jar_with_a_cookie() {
  auto jar = std::make_shared<CookieJar>();
  jar->add("a=b; domain=127.0.0.1");
  return jar;
}

const std::string no_descriptor = "0 echoes, thrown (Bad file descriptor)";

const OptionRow<Options> rows[] = {
    {OPTION(header),
     [](const Options& o) { return field(o, "X-Trace"); },
     {{{}, "none"}, {{{"X-Trace: 7"}}, "7"}}},
    {OPTION(cookie),
     [](const Options& o) { return field(o, "Cookie"); },
     {{"", "none"}, {"a=b", "a=b"}}},
    {OPTION(cookie_jar),
     [](const Options& o) { return field(o, "Cookie"); },
     {{nullptr, "none"}, {jar_with_a_cookie(), "a=b"}}},
    {OPTION(origin),
     [](const Options& o) { return field(o, "Origin"); },
     {{std::nullopt, "http://127.0.0.1:port"}, {"", ""}, {"https://a.test", "https://a.test"}}},
    {OPTION(suppress_origin),
     [](const Options& o) { return field(o, "Origin"); },
     {{false, "http://127.0.0.1:port"}, {true, "none"}}},
    {OPTION(host),
     [](const Options& o) { return field(o, "Host"); },
     {{"", "127.0.0.1:port"}, {"example.org", "example.org"}}},
    {OPTION(connection),
     [](const Options& o) { return field(o, "Connection"); },
     {{std::nullopt, "Upgrade"},
      {"keep-alive, Upgrade", "keep-alive, Upgrade"},
      {"", "no request"},
      {"close", "no request"}}},
    {OPTION(subprotocols),
     agreed,
     {{{}, "\"\", closed"},
      {{"a", "b"}, "\"b\", closed"},
      {{""}, "0 echoes, thrown (invalid or repeated subprotocol)"}}},
    {OPTION(require_subprotocol),
     story<Options>,
     {{false, works_blocking}, {true, "0 echoes, thrown (the server chose no subprotocol)"}}},
    {OPTION(timeout),
     receive_from_a_silent_server,
     {{std::nullopt, "0 echoes, a pong, for ever, closed"},
      {long_ago, "0 echoes, thrown (receiving timed out)"},
      {0ms, "0 echoes, thrown (receiving timed out)"},
      {1ms, "0 echoes, thrown (connecting took too long)"},
      {100ms, "0 echoes, a pong, receiving timed out after 100 ms, closed"},
      {for_ever, "0 echoes, a pong, for ever, closed"}}},
    {OPTION(connect_timeout),
     connect_time,
     {{std::nullopt, "given up after 10 s"},
      {long_ago, "given up after 0 ms"},
      {0ms, "given up after 0 ms"},
      {1ms, "given up after 1 ms"},
      {for_ever, works_blocking}}},
    {OPTION(redirect_limit),
     story<Options>,
     {{0, works_blocking}, {1, works_blocking}, {3, works_blocking}, {INT_MAX, works_blocking}},
     CoveredBy{"ConnectRedirect.KEEP_the_limit_of_hops_FIX_it_a_circle_and_a_missing_location_are_"
               "errors"}},
    {OPTION(allow_insecure_redirect),
     story<Options>,
     {{false, works_blocking}, {true, works_blocking}},
     CoveredBy{"ConnectRedirect.FIX_wss_becomes_ws_only_if_that_is_allowed"}},
    {OPTION(proxy),
     first_peer_by_options<Options>,
     {{"", "the server"},
      {"http://192.0.2.9:3128", "192.0.2.9:3128"},
      {"ftp://192.0.2.9", "0 echoes, thrown (invalid proxy)"}}},
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
      {"socks4", "192.0.2.9:1080"},
      {"socks5h", "192.0.2.9:1080"},
      {"", "0 echoes, thrown (invalid proxy)"}}},
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
     {{{}, works_blocking}, {{{SOL_SOCKET, SO_SNDBUF, 0}}, works_blocking}},
     CoveredBy{"ConnectFrom.options_in_bytes_are_set_and_named_if_refused"}},
    {OPTION(local_address),
     story<Options>,
     {{"", works_blocking},
      {"127.0.0.1", works_blocking},
      {"127.0.0.1:0", works_blocking},
      {"nonsense", "0 echoes, thrown (invalid option)"}}},
    {OPTION(interface),
     story<Options>,
     {{"", works_blocking},
      {std::string(15, 'i'), works_blocking},
      {std::string(16, 'i'), "0 echoes, thrown (invalid option)"}}},
    {OPTION(on_socket),
     socket_calls<Options>,
     {{nullptr, "0 calls, " + works_blocking},
      {[](int) {}, "1 calls, " + works_blocking},
      {[](int) { throw_for(Errc::handler_failed, "no"); },
       "1 calls, 0 echoes, thrown (a handler of the application threw an exception)"}}},
    {OPTION(sslopt), CoveredBy{"ConnectTls.R11_only_those_who_prove_who_they_are"}},
    {OPTION(fire_cont_frame),
     story<Options>,
     {{false, works_blocking}, {true, works_blocking}},
     CoveredBy{"WebSocketReceive.fire_cont_frame_gives_fragments_one_by_one"}},
    {OPTION(skip_utf8_validation),
     story<Options>,
     {{false, works_blocking}, {true, works_blocking}},
     CoveredBy{"ParityWebSocketConstructor.KEEP_skip_utf8_validation_is_off_and_can_be_turned_on"}},
    {OPTION(max_message_size),
     story<Options>,
     {{0, "1 echoes, thrown (message too big)"},
      {1, "2 echoes, thrown (message too big)"},
      {69'999, "5 echoes, thrown (message too big)"},
      {70'000, works_blocking},
      {limits::message_size, works_blocking},
      {most, works_blocking}}},
    {OPTION(max_message_fragments),
     story<Options>,
     {{0, "0 echoes, thrown (too many fragments in one message)"},
      {1, works_blocking},
      {limits::message_fragments, works_blocking},
      {most32, works_blocking}}},
    {OPTION(compression),
     agreed,
     {{std::nullopt, "\"\", closed"}, {DeflateOptions{}, "compressed, closed"}}},
    {OPTION(get_mask_key),
     story<Options>,
     {{nullptr, works_blocking},
      {[] { return MaskKey{}; }, works_blocking},
      {[]() -> MaskKey { throw_for(Errc::no_mask_key, "no key"); },
       "0 echoes, thrown (the source of mask keys failed)"}}},
    {OPTION(socket), CoveredBy{"WebSocketAdoptedPlain.a_number_that_is_no_descriptor_is_an_error"}},
    {OPTION(already_secured),
     story<Options>,
     {{false, works_blocking}, {true, works_blocking}},
     CoveredBy{"WebSocketAdoptedPlain.already_secured_means_no_tls_although_the_url_says_wss"}},
    {OPTION(network), CoveredBy{"WebSocketNetwork.names_sockets_reads_writes_and_waits_are_its"}},
    {OPTION(busy_poll),
     story<Options>,
     {{std::chrono::microseconds::min(), works_blocking},
      {0us, works_blocking},
      {1us, works_blocking},
      {std::chrono::microseconds::max(), works_blocking}},
     CoveredBy{"WebSocketTimeouts.busy_polling_of_any_length_ends_at_the_deadline"}},
    {OPTION(receive_timestamps), story<Options>, {{false, works_blocking}, {true, works_blocking}}},
    {OPTION(one_connecting_per_address),
     story<Options>,
     {{false, works_blocking}, {true, works_blocking}},
     CoveredBy{"ConnectorGate.R8_can_be_lifted"}},
};

WIRESPAN_OPTION_TABLE(ConnectOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::connect_option_rows
