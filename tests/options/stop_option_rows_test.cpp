// stop_option_rows_test.cpp - every option of StopOptions, with what its comment says of its
// values.
#include "options/life.hpp"
#include "options/rows.hpp"

namespace wirespan::test::stop_option_rows {
namespace {

using Options = StopOptions;

/// The server is stopped while a client is there that answers: the client's story.
std::string answered(const Options& options) {
  Life life;
  life.stop = options;
  const LifeReport report = live(life, AppOptions{}, {.proxy_from_environment = false});
  return report.story + ", server after " + shown_time(report.stop_took);
}

/// The same with a client that is silent: how long the stop takes.
std::string unanswered_stop(const Options& options) {
  Life life;
  life.stop = options;
  life.trouble = [](const Trouble& at) { at.network.silence_connections(); };
  const LifeReport report = live(life, AppOptions{}, {.proxy_from_environment = false});
  return shown_time(report.stop_took);
}

/// Four clients that answer: the times of their ends, from the beginning of the stop.
std::string ends_of_four(const Options& options) {
  Life life;
  Ms begin{0};
  life.server.idle_time = 0s;
  life.stop = options;
  life.trouble = [&begin](const Trouble& at) {
    for (int i = 0; i < 3; ++i) {
      at.network.start("client", [&network = at.network, url = at.url] {
        try {
          WebSocket socket =
              create_connection(url, {.proxy_from_environment = false, .network = &network});
          while (true) (void)socket.recv();
        } catch (const WebSocketException&) {
        }
      });
    }
    at.network.sleep_for(1s);
    begin = 1s;
  };
  const LifeReport report = live(life, AppOptions{}, {.proxy_from_environment = false});
  std::string text;
  for (const Ms time : report.server_end_times) {
    text += std::to_string(std::chrono::round<std::chrono::seconds>(time - begin).count()) + " ";
  }
  return text;
}

const std::string ended = "6 echoes, a pong, closed by the server 1001, server after 4 ms";
std::string not_stopped(const char* why) {
  return std::string("stop refused (") + why +
         "), 6 echoes, a pong, closed by the server 1001, server after 0 ms";
}

const OptionRow<Options> rows[] = {
    {OPTION(code),
     answered,
     {{CloseCode::going_away, ended},
      {CloseCode::service_restart,
       "6 echoes, a pong, closed by the server 1012, server after 4 ms"},
      {CloseCode{0}, not_stopped("this close code may not be sent")},
      {CloseCode{65'535}, not_stopped("this close code may not be sent")}}},
    {OPTION(reason),
     answered,
     {{"", ended},
      {std::string(123, 'r'), ended},
      {std::string(124, 'r'), not_stopped("control frame payload above 125 bytes")}}},
    {OPTION(deadline),
     unanswered_stop,
     {{std::nullopt, "3 s"},
      {long_ago, "0 ms"},
      {0ms, "0 ms"},
      {1ms, "1 ms"},
      {10s, "10 s"},
      {for_ever, "60 s"}}},
    {OPTION(after_close),
     answered,
     {{AfterClose::discard, ended}, {AfterClose::deliver, ended}},
     CoveredBy{"ServerTimes.messages_after_close_are_discarded_and_after_stop_delivered"}},
    {OPTION(spread),
     [](const Options& o) { return o.spread == for_ever ? answered(o) : ends_of_four(o); },
     {{long_ago, "0 0 0 0 "},
      {0ms, "0 0 0 0 "},
      {1ms, "0 0 0 0 "},
      {100s, "25 50 75 100 "},
      {1h, "900 1800 2700 3600 "},
      {for_ever, "6 echoes, a pong, closed by the server 1001, server after 120 s"}}},
};

WIRESPAN_OPTION_TABLE(StopOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::stop_option_rows
