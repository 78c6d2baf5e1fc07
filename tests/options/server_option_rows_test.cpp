// server_option_rows_test.cpp - every option of the server's ServerOptions, with what its comment
// says of its values.
#include <climits>

#include "options/life.hpp"
#include "options/rows.hpp"

namespace wirespan::test::server_option_rows {
namespace {

using Options = ServerOptions;

LifeReport report_of(const Options& options, Life life = {}) {
  life.server = options;
  return live(life, AppOptions{}, direct);
}

std::string story(const Options& options) { return report_of(options).story; }

/// The application does not answer the request; the client has no time-out of its own.
std::string unanswered_request(const Options& options) {
  Life life;
  life.server = options;
  life.holds_requests = true;
  const LifeReport report = live(life, AppOptions{.connect_timeout = for_ever}, direct);
  return report.story + " after " + shown_time(report.took);
}

/// A client that says nothing more for ten minutes.
std::string quiet(const Options& options) {
  Life life;
  life.stay = 10min;
  const LifeReport report = report_of(options, life);
  return report.story + " after " + shown_time(report.took);
}

/// A message of 70,000 bytes that stops in the middle for 100 s.
std::string slow_message(Options options) {
  options.idle_time = 0s;
  Life life;
  life.sizes = {70'000};
  life.patience = 5min;
  life.path = [](int, const net::Endpoint&) {
    return net::SimulatedPath{.up = {.stall_after = 20'000, .stall = 100s}};
  };
  const LifeReport report = report_of(options, life);
  return report.story + " after " + shown_time(report.took);
}

/// The server closes after a second, and the client, which has fallen silent, does not answer: the
/// time until on_close.
std::string unanswered_close(const Options& options) {
  Life life;
  Ms closed{0};
  life.stay = 30s;
  life.on_open = [&](net::SimulatedNetwork& network, const ServerConnection& connection, int) {
    network.start("closer", [&closed, &network, connection] {
      network.sleep_for(1s);
      network.silence_connections();
      (void)connection.close();
      closed = 1s;
    });
  };
  const LifeReport report = report_of(options, life);
  // The connection opens after 2 ms.
  return report.server_ends.at(0) + " after " +
         shown_time(report.server_end_times.at(0) - closed - 2ms);
}

/// The keep-alive pings that the client gets in five seconds.
std::string pings_in_5_s(const Options& options) {
  Life life;
  life.stay = 5s;
  const LifeReport report = report_of(options, life);
  return report.story == works ? std::to_string(report.client_pings) + " pings" : report.story;
}

/// Pings every 20 s to a client that answers for a minute, then to one that is silent.
std::string ping_timeout(Options options) {
  options.ping_interval = 20s;
  Life life;
  life.stay = 1min;
  const std::string answered = report_of(options, life).story;
  if (answered != works) return answered;
  life.trouble = [](const Trouble& at) { at.network.silence_connections(); };
  life.stay = 10min;
  const LifeReport silent = report_of(options, life);
  return "silent: " + silent.server_ends.at(0) + " after " +
         shown_time(silent.server_end_times.at(0));
}

std::string with_pings(Options options) {
  options.ping_interval = 10s;
  options.ping_timeout = 5s;
  Life life;
  life.stay = 1min;
  return report_of(options, life).story;
}

/// Echoes of 200,000 bytes in all through a narrow path.
LifeReport backlog(const Options& options) {
  Life life;
  life.sizes = std::vector<std::size_t>(20, 10'000);
  life.path = [](int, const net::Endpoint&) {
    return net::SimulatedPath{.down = {.buffer = 8'000}};
  };
  return report_of(options, life);
}
std::string echoes_at_once(const Options& options) { return backlog(options).story; }
std::string drains(Options options) {
  options.hold_reading = false;
  const LifeReport report = backlog(options);
  return report.story == "20 echoes, a pong, stopped"
             ? std::to_string(report.server_drains) + " drains, " +
                   (report.unsent_at_drain > 1 ? "early" : "empty")
             : report.story;
}

/// Two messages of 1,000 bytes that another thread publishes at once.
std::string published(const Options& options) {
  Life life;
  std::string text;
  life.on_open = [](net::SimulatedNetwork&, const ServerConnection& connection, int) {
    (void)connection.subscribe("news");
  };
  life.trouble = [&text](const Trouble& at) {
    for (int i = 0; i < 2; ++i) {
      const std::error_code error = at.server.publish("news", std::string(1'000, 'n'));
      text += error ? "refused " : "sent ";
    }
  };
  const std::string told = report_of(options, life).story;
  return told == works ? text : told;
}

/// A second client beside the first.
std::string second_client(const Options& options) {
  Life life;
  std::string text;
  life.trouble = [&text](const Trouble& at) {
    try {
      WebSocket second =
          create_connection(at.url, {.proxy_from_environment = false, .network = &at.network});
      text = "served";
      second.close();
    } catch (const WebSocketException& error) {
      text = error.code().message();
    }
  };
  const std::string told = report_of(options, life).story;
  return told == works ? text : told;
}
std::string second_client_of_the_address(Options options) {
  options.count_loopback = true;
  return second_client(options);
}

std::string agreed(const Options& options) {
  Life life;
  life.server = options;
  std::string told;
  life.app_opened = [&](WebSocketApp& app) { told = app.compression() ? "compressed" : "plain"; };
  const LifeReport report = live(life, AppOptions{.compression = DeflateOptions{}}, direct);
  return report.story == works ? told : report.story;
}

const std::string too_long_a_head =
    "0 echoes, no pong, failed (the server did not switch protocols)";
const std::string all = "20 echoes, a pong, stopped";

const OptionRow<Options> rows[] = {
    {OPTION(address),
     story,
     {{"127.0.0.1", works},
      {"0.0.0.0", works},
      {"", "server refused (invalid option)"},
      {"localhost", "server refused (invalid option)"}}},
    {OPTION(more_addresses),
     story,
     {{{}, works}, {{"127.0.0.2"}, works}, {{""}, "server refused (invalid option)"}}},
    {OPTION(port), story, {{0, works}, {1, works}, {65'535, works}}},
    {OPTION(backlog), story, {{INT_MIN, works}, {0, works}, {1, works}, {INT_MAX, works}}},
    {OPTION(threads),
     story,
     {{INT_MIN, "server refused (invalid option)"},
      {-1, "server refused (invalid option)"},
      {0, "server refused (invalid option)"},
      {1, works},
      {256, "server refused (invalid option)"},
      {INT_MAX, "server refused (invalid option)"}}},
    {OPTION(tls), CoveredBy{"ServerRequests.R46_an_origin_that_is_not_welcome_gets_403"}},
    {OPTION(origins), CoveredBy{"OriginPolicyTest.any_may_be_allowed"}},
    {OPTION(subprotocols),
     story,
     {{{}, works}, {{"chat"}, works}, {{""}, "server refused (invalid option)"}},
     CoveredBy{
         "ServerRequests.R47_the_first_subprotocol_of_the_server_that_was_offered_is_chosen"}},
    {OPTION(proxies), CoveredBy{"ServerProxies.nobody_else_is_believed"}},
    {OPTION(max_message_size),
     story,
     {{0, "1 echoes, no pong, closed by the server 1009"},
      {1, "2 echoes, no pong, closed by the server 1009"},
      {69'999, "5 echoes, no pong, closed by the server 1009"},
      {70'000, works},
      {limits::message_size, works},
      {most, works}}},
    {OPTION(max_message_fragments),
     story,
     {{0, "0 echoes, no pong, closed by the server 1008"},
      {1, works},
      {limits::message_fragments, works},
      {most32, works}},
     CoveredBy{"ServerLimits.the_limit_of_fragments_can_be_set"}},
    {OPTION(max_pings_per_second),
     story,
     {{0, "6 echoes, a pong, closed by the server 1008"},
      {1, works},
      {limits::pings_per_second, works},
      {most32, works}},
     CoveredBy{"ServerLimits.B6_a_flood_of_pings_is_closed_with_1008"}},
    {OPTION(deliver_fragments),
     story,
     {{false, works}, {true, works}},
     CoveredBy{"ServerCalls.fragments_are_handed_out_as_they_come"}},
    {OPTION(handshake_time),
     unanswered_request,
     {{long_ago, "0 echoes, no pong, stopped after 60 s"},
      {0ms, "0 echoes, no pong, stopped after 60 s"},
      {1ms, "0 echoes, no pong, failed (connection lost without a close frame) after 3 ms"},
      {10s, "0 echoes, no pong, failed (the server did not switch protocols) after 10 s"},
      {for_ever, "0 echoes, no pong, stopped after 60 s"}}},
    {OPTION(max_head_size),
     story,
     {{0, too_long_a_head}, {1, too_long_a_head}, {limits::head_size, works}, {most, works}}},
    {OPTION(max_head_fields),
     story,
     {{0, too_long_a_head}, {1, too_long_a_head}, {limits::head_fields, works}, {most, works}}},
    {OPTION(idle_time),
     quiet,
     {{long_ago, works + " after 600 s"},
      {0ms, works + " after 600 s"},
      {1ms, "0 echoes, no pong, closed by the server 1001 after 7 ms"},
      {120s, "6 echoes, a pong, closed by the server 1001 after 120 s"},
      {for_ever, works + " after 600 s"}}},
    {OPTION(idle_ignores_output),
     quiet,
     {{false, "6 echoes, a pong, closed by the server 1001 after 120 s"},
      {true, "6 echoes, a pong, closed by the server 1001 after 120 s"}},
     CoveredBy{"ServerTimes.idle_time_counts_output_unless_it_is_ignored"}},
    {OPTION(progress_time),
     slow_message,
     {{long_ago, "1 echoes, a pong, stopped after 100 s"},
      {0ms, "1 echoes, a pong, stopped after 100 s"},
      {1ms, "0 echoes, no pong, closed by the server 1008 after 7 ms"},
      {30s, "0 echoes, no pong, closed by the server 1008 after 30 s"},
      {for_ever, "1 echoes, a pong, stopped after 100 s"}}},
    {OPTION(progress_bytes),
     slow_message,
     {{0, "1 echoes, a pong, stopped after 100 s"},
      {1, "0 echoes, no pong, closed by the server 1008 after 30 s"},
      {limits::progress_bytes, "0 echoes, no pong, closed by the server 1008 after 30 s"},
      {most, "0 echoes, no pong, closed by the server 1008 after 30 s"}}},
    {OPTION(close_time),
     unanswered_close,
     {{long_ago, "1006 the closing handshake took too long after 1 ms"},
      {0ms, "1006 the closing handshake took too long after 1 ms"},
      {1ms, "1006 the closing handshake took too long after 2 ms"},
      {3s, "1006 the closing handshake took too long after 3 s"},
      {for_ever, "1006 the closing handshake took too long after 37 s"}}},
    {OPTION(after_close),
     story,
     {{AfterClose::discard, works}, {AfterClose::deliver, works}},
     CoveredBy{"ServerTimes.messages_after_close_are_discarded_and_after_stop_delivered"}},
    {OPTION(ping_interval),
     pings_in_5_s,
     {{long_ago, "0 pings"},
      {0ms, "0 pings"},
      {1ms, "5004 pings"},
      {1s, "5 pings"},
      {for_ever, "0 pings"}}},
    {OPTION(ping_timeout),
     ping_timeout,
     {{long_ago, "silent: 1006 Connection timed out after 60 s"},
      {0ms, "silent: 1006 Connection timed out after 60 s"},
      {1ms, "6 echoes, a pong, closed by the server 1011"},
      {10s, "silent: 1006 ping/pong timed out after 30 s"},
      {for_ever, "silent: 1006 Connection timed out after 60 s"}}},
    {OPTION(only_pongs_count),
     with_pings,
     {{false, works}, {true, works}},
     CoveredBy{"ServerTimes.messages_answer_a_ping_unless_only_pongs_count"}},
    {OPTION(match_pongs),
     with_pings,
     {{false, works}, {true, works}},
     CoveredBy{"ServerTimes.with_match_pongs_only_the_number_of_an_unanswered_ping_counts"}},
    {OPTION(send_high_watermark),
     [](Options o) {
       o.send_low_watermark = 0;
       return drains(o);
     },
     {{0, "1 drains, empty"},
      {1, "1 drains, empty"},
      {limits::send_high_watermark, "0 drains, empty"},
      {most, "0 drains, empty"}}},
    {OPTION(send_low_watermark),
     [](Options o) {
       o.send_high_watermark = 100'000;
       return drains(o);
     },
     {{0, "1 drains, empty"},
      {1, "1 drains, empty"},
      {50'000, "1 drains, early"},
      {limits::send_low_watermark, "1 drains, early"},
      {most, "1 drains, early"}}},
    {OPTION(send_hard_limit),
     echoes_at_once,
     {{0, "2 echoes, a pong, stopped"},
      {1, "2 echoes, a pong, stopped"},
      {limits::send_hard_limit, all},
      {most, all}}},
    {OPTION(loop_send_budget),
     echoes_at_once,
     {{0, "0 echoes, a pong, stopped"},
      {1, "0 echoes, a pong, stopped"},
      {limits::loop_send_budget, all},
      {most, all}}},
    {OPTION(publish_queue_limit),
     published,
     {{0, "sent refused "},
      {1, "sent refused "},
      {limits::publish_queue, "sent sent "},
      {most, "sent sent "}}},
    {OPTION(overflow),
     echoes_at_once,
     {{Overflow::refuse, all}, {Overflow::drop_oldest, all}, {Overflow::close, all}},
     CoveredBy{"ServerPublish.drop_oldest_keeps_the_newest_and_counts_the_dropped"}},
    {OPTION(hold_reading), echoes_at_once, {{false, all}, {true, all}}},
    {OPTION(compression), agreed, {{std::nullopt, "plain"}, {DeflateOptions{}, "compressed"}}},
    {OPTION(publisher_compresses_from),
     story,
     {{std::nullopt, works}, {0, works}, {most, works}},
     CoveredBy{"PublishersForm.makes_the_form_of_messages_from_the_size_on"}},
    {OPTION(max_connections),
     second_client,
     {{0, "served"},
      {1, "connection lost without a close frame"},
      {2, "served"},
      {limits::connections, "served"},
      {most, "served"}}},
    {OPTION(max_connections_per_address),
     second_client_of_the_address,
     {{0, "served"},
      {1, "connection lost without a close frame"},
      {2, "served"},
      {limits::connections_per_address, "served"},
      {most, "served"}}},
    {OPTION(count_loopback),
     [](Options o) {
       o.max_connections_per_address = 1;
       return second_client(o);
     },
     {{false, "served"}, {true, "connection lost without a close frame"}}},
    {OPTION(certificate_check_interval),
     story,
     {{long_ago, works}, {0ms, works}, {1ms, works}, {for_ever, works}},
     CoveredBy{"CertificateWatch.files_that_have_changed_are_read_and_open_connections_go_on"}},
    {OPTION(keep_request),
     story,
     {{false, works}, {true, works}},
     CoveredBy{"ServerKeptRequest.is_told_to_handlers_from_on_open_to_on_close"}},
    {OPTION(backend),
     story,
     {{net::Backend::automatic, works}, {net::Backend::epoll, works}, {net::Backend::poll, works}}},
    {OPTION(busy_poll),
     story,
     {{std::chrono::microseconds::min(), works},
      {0us, works},
      {1us, works},
      {std::chrono::microseconds::max(), works}}},
    {OPTION(receive_timestamps), story, {{false, works}, {true, works}}},
    {OPTION(network), CoveredBy{"ServerEcho.R96_every_size_comes_back"}},
};

WIRESPAN_OPTION_TABLE(ServerOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::server_option_rows
