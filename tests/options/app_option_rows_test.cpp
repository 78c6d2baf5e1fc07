// app_option_rows_test.cpp - every option of AppOptions, with what its comment says of its values.
#include <climits>

#include "options/life.hpp"
#include "options/rows.hpp"
#include <wirespan/app/cookie_jar.hpp>

namespace wirespan::test::app_option_rows {
namespace {

using Options = AppOptions;

std::string story(const Options& options) { return live({}, options).story; }

std::string field(const Options& options, const char* name) {
  return request_field(live({}, options), name);
}

/// The server agrees on compression, and on a subprotocol if one is offered.
std::string agreed(const Options& options) {
  Life life;
  life.server.compression.emplace();
  if (!options.subprotocols.empty()) life.subprotocol = options.subprotocols.back();
  std::string told;
  life.app_opened = [&](WebSocketApp& app) {
    told = app.compression() ? "compressed" : "\"" + app.subprotocol() + "\"";
  };
  const LifeReport report = live(life, options);
  return report.story == works ? told : report.story;
}

/// No attempt is answered: the time until the run gives up, or is closed after a minute.
std::string time_without_an_answer(const Options& options) {
  Life life;
  life.path = [](int, const net::Endpoint&) { return unanswered(); };
  const LifeReport report = live(life, options);
  const bool is_closed = report.story == "0 echoes, no pong, stopped";
  return (is_closed ? "open end" : "given up") + (" after " + shown_time(report.took));
}

/// Messages of 200,000 bytes in all to a server that is slow to read.
LifeReport backlog(const Options& options) {
  Life life;
  life.sizes = std::vector<std::size_t>(20, 10'000);
  life.path = [](int, const net::Endpoint&) {
    net::SimulatedPath path;
    path.up.buffer = 8'000;
    return path;
  };
  return live(life, options);
}

std::string sent_at_once(const Options& options) { return backlog(options).story; }
std::string drains(const Options& options) {
  const LifeReport report = backlog(options);
  return report.story == "20 echoes, a pong, stopped"
             ? std::to_string(report.drains) + " drains, " +
                   (report.unsent_at_drain > 1 ? "early" : "empty")
             : report.story;
}

/// The first attempt fails, and on_error sends a message.
std::string sent_while_down(const Options& options) {
  Life life;
  life.path = [](int attempt, const net::Endpoint&) {
    return attempt == 1 ? refused() : net::SimulatedPath{};
  };
  std::string told;
  life.app_failed = [&](WebSocketApp& app) {
    const SendResult result = app.try_send("kept");
    told = result.accepted() ? "kept" : result.error().message();
  };
  (void)live(life, options, {.proxy_from_environment = false, .reconnect = 10ms});
  return told;
}
std::string kept(Options options) {
  options.while_down = WhileDown::keep;
  return sent_while_down(options);
}

std::shared_ptr<CookieJar> jar_with_a_cookie() {
  auto jar = std::make_shared<CookieJar>();
  jar->add("a=b; domain=127.0.0.1");
  return jar;
}

const std::string no_descriptor = "0 echoes, no pong, failed (Bad file descriptor)";

const OptionRow<Options> rows[] = {
    {OPTION(header),
     [](const Options& o) { return field(o, "X-Trace"); },
     {{{}, "none"}, {{{"X-Trace: 7"}}, "7"}}},
    {OPTION(keep_running),
     [](const Options& o) {
       const WebSocketApp app("ws://localhost/", {}, o);
       return std::string(app.keep_running() ? "runs" : "does not run");
     },
     {{false, "does not run"}, {true, "runs"}}},
    {OPTION(get_mask_key),
     story,
     {{nullptr, works},
      {[] { return MaskKey{}; }, works},
      {[]() -> MaskKey { throw std::runtime_error("no key"); },
       "0 echoes, no pong, failed (no key)"}}},
    {OPTION(cookie),
     [](const Options& o) { return field(o, "Cookie"); },
     {{"", "none"}, {"a=b", "a=b"}, {std::string(4'000, 'c'), std::string(4'000, 'c')}}},
    {OPTION(cookie_jar),
     [](const Options& o) { return field(o, "Cookie"); },
     {{nullptr, "none"}, {jar_with_a_cookie(), "a=b"}}},
    {OPTION(subprotocols),
     agreed,
     {{{}, "\"\""}, {{"a", "b"}, "\"b\""}, {{""}, "refused (invalid or repeated subprotocol)"}}},
    {OPTION(require_subprotocol),
     story,
     {{false, works}, {true, "0 echoes, no pong, failed (the server chose no subprotocol)"}}},
    {OPTION(socket),
     story,
     {{INT_MIN, works},
      {-1, works},
      {0, no_descriptor},
      {1, no_descriptor},
      {INT_MAX, no_descriptor}},
     CoveredBy{"AppReconnect.FIX_with_a_given_socket_there_is_no_reconnecting"}},
    {OPTION(already_secured),
     story,
     {{false, works}, {true, works}},
     CoveredBy{"WebSocketAdoptedPlain.already_secured_means_no_tls_although_the_url_says_wss"}},
    {OPTION(fire_cont_frame),
     story,
     {{false, works}, {true, works}},
     CoveredBy{"AppMessages.fire_cont_frame_delivers_fragments_too"}},
    {OPTION(max_message_size),
     story,
     {{0, "1 echoes, no pong, failed (message too big)"},
      {1, "2 echoes, no pong, failed (message too big)"},
      {69'999, "5 echoes, no pong, failed (message too big)"},
      {70'000, works},
      {limits::message_size, works},
      {most, works}}},
    {OPTION(max_message_fragments),
     story,
     {{0, "0 echoes, no pong, failed (too many fragments in one message)"},
      {1, works},
      {limits::message_fragments, works},
      {most32, works}},
     CoveredBy{"AppMessages.the_limit_of_fragments_can_be_set"}},
    {OPTION(compression), agreed, {{std::nullopt, "\"\""}, {DeflateOptions{}, "compressed"}}},
    {OPTION(connect_timeout),
     time_without_an_answer,
     {{std::nullopt, "given up after 10 s"},
      {long_ago, "given up after 0 ms"},
      {0ms, "given up after 0 ms"},
      {1ms, "given up after 1 ms"},
      {for_ever, "open end after 60 s"}}},
    {OPTION(send_hard_limit),
     sent_at_once,
     {{0, "1 echoes, no pong, stopped"},
      {1, "1 echoes, no pong, stopped"},
      {limits::send_hard_limit, "20 echoes, a pong, stopped"},
      {most, "20 echoes, a pong, stopped"}}},
    {OPTION(overflow),
     sent_at_once,
     {{Overflow::refuse, "20 echoes, a pong, stopped"},
      {Overflow::drop_oldest, "20 echoes, a pong, stopped"},
      {Overflow::close, "20 echoes, a pong, stopped"}},
     CoveredBy{"AppOverflow.a_limit_of_0_takes_one_message_at_a_time"}},
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
    {OPTION(while_down),
     sent_while_down,
     {{WhileDown::refuse, "connection is not open"}, {WhileDown::keep, "kept"}}},
    {OPTION(down_limit),
     kept,
     {{0, "too many unsent bytes"},
      {1, "too many unsent bytes"},
      {4 + 127, "too many unsent bytes"},
      {4 + 128, "kept"},
      {limits::down_limit, "kept"},
      {most, "kept"}}},
    {OPTION(backend),
     story,
     {{net::Backend::automatic, works}, {net::Backend::epoll, works}, {net::Backend::poll, works}}},
    {OPTION(network),
     CoveredBy{"AppUnconnected.R30_a_black_hole_and_a_silent_server_end_at_the_deadline"}},
    {OPTION(busy_poll),
     story,
     {{std::chrono::microseconds::min(), works},
      {0us, works},
      {1us, works},
      {std::chrono::microseconds::max(), works}}},
    {OPTION(receive_timestamps), story, {{false, works}, {true, works}}},
};

WIRESPAN_OPTION_TABLE(AppOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::app_option_rows
