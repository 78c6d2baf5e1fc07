// reconnect_policy_rows_test.cpp - every field of ReconnectPolicy and of Backoff::Options, with
// what its comment says of its values.
#include <cmath>

#include "options/life.hpp"
#include "options/rows.hpp"
#include <wirespan/core/backoff.hpp>

namespace wirespan::test::reconnect_policy_rows {
namespace {

using Options = ReconnectPolicy;

/// Times in ms of the attempts within five minutes, of which all but the last one are refused; then
/// the end of the run.
std::string attempts_of(const Options& options, int failures = 3) {
  Life life;
  life.patience = 5min;
  life.path = [failures](int attempt, const net::Endpoint&) {
    return attempt <= failures ? refused() : net::SimulatedPath{};
  };
  const LifeReport report =
      live(life, AppOptions{}, {.proxy_from_environment = false, .reconnect = options});
  if (report.attempts.empty()) return report.story;
  std::string text;
  for (std::size_t i = 1; i < report.attempts.size(); ++i) {
    // An attempt is refused after 2 ms.
    text += std::to_string((report.attempts[i] - report.attempts[i - 1] - 2ms).count()) + " ";
  }
  return text + (report.story.find("failed") != std::string::npos ? "failed" : "stopped");
}

std::string delays(Options options) {
  options.jitter = Jitter::none;
  return attempts_of(options);
}

/// Times between the ends of three connections, each of which is lost after a second, and the next
/// attempt.
std::string delays_of_lost_connections(Options options) {
  options.jitter = Jitter::none;
  Life life;
  life.stay = 30s;
  life.on_open = [](net::SimulatedNetwork& network, const ServerConnection& connection, int n) {
    if (n == 4) return;
    network.start("end", [&network, connection] {
      network.sleep_for(1s);
      (void)connection.abort();
    });
  };
  const LifeReport report =
      live(life, AppOptions{}, {.proxy_from_environment = false, .reconnect = options});
  if (report.attempts.empty()) return report.story;
  std::string text;
  for (std::size_t i = 1; i < report.attempts.size(); ++i) {
    text += shown_time(std::chrono::round<std::chrono::seconds>(report.attempts[i] -
                                                                report.attempts[i - 1] - 1s)) +
            " ";
  }
  return text;
}

std::string is_drawn(const Options& options) {
  const std::string all = attempts_of(options);
  return all == "1000 2000 4000 stopped" ? "computed" : "drawn";
}

const OptionRow<Options> rows[] = {
    {OPTION(delay),
     delays,
     {{long_ago, "refused (invalid option)"},
      {-1ms, "refused (invalid option)"},
      {0ms, "failed"},
      {1ms, "1 2 4 stopped"},
      {1s, "1000 2000 4000 stopped"},
      {for_ever, "refused (invalid option)"}}},
    {OPTION(max_delay),
     [](Options o) {
       o.multiplier = 1e300;
       return delays(o);
     },
     {{long_ago, "refused (invalid option)"},
      {0ms, "refused (invalid option)"},
      {1ms, "refused (invalid option)"},
      {1s, "1000 1000 1000 stopped"},
      {60s, "1000 60000 60000 stopped"},
      {for_ever, "1000 stopped"}}},
    {OPTION(multiplier),
     delays,
     {{-1, "refused (invalid option)"},
      {0, "refused (invalid option)"},
      {std::nan(""), "refused (invalid option)"},
      {1, "1000 1000 1000 stopped"},
      {2, "1000 2000 4000 stopped"},
      {std::numeric_limits<double>::max(), "1000 60000 60000 stopped"},
      {std::numeric_limits<double>::infinity(), "refused (invalid option)"}}},
    {OPTION(jitter), is_drawn, {{Jitter::full, "drawn"}, {Jitter::none, "computed"}}},
    {OPTION(max_attempts),
     delays,
     {{0, "1000 2000 4000 stopped"},
      {1, "failed"},
      {2, "1000 failed"},
      {most32, "1000 2000 4000 stopped"}}},
    {OPTION(give_up_after),
     delays,
     {{std::nullopt, "1000 2000 4000 stopped"},
      {long_ago, "refused (invalid option)"},
      {0ms, "failed"},
      {1ms, "failed"},
      {5s, "1000 2000 1994 stopped"},
      {for_ever, "1000 2000 4000 stopped"}}},
    {OPTION(stable_after),
     delays_of_lost_connections,
     {{long_ago, "refused (invalid option)"},
      {0ms, "1 s 1 s 1 s "},
      {1ms, "1 s 1 s 1 s "},
      {10s, "1 s 2 s 4 s "},
      {for_ever, "1 s 2 s 4 s "}}},
    {OPTION(should_reconnect),
     delays,
     {{nullptr, "1000 2000 4000 stopped"},
      {[](const ConnectionEnd&) { return false; }, "failed"},
      {[](const ConnectionEnd& end) { return end.failed_attempts < 2; }, "1000 failed"}}},
    {OPTION(honour_retry_after),
     delays,
     {{true, "1000 2000 4000 stopped"}, {false, "1000 2000 4000 stopped"}},
     CoveredBy{"AppReconnectPolicy.Retry_After_counts_with_429_and_503_and_can_be_ignored"}},
};

WIRESPAN_OPTION_TABLE(ReconnectPolicyRows, rows);

}  // namespace
}  // namespace wirespan::test::reconnect_policy_rows

namespace wirespan::test::backoff_option_rows {
namespace {

using Options = Backoff::Options;

/// The first four delays after failures, without jitter unless the options have it.
std::string delays(const Options& options) {
  TimePoint now{1h};
  Backoff backoff(options, now);
  std::string text;
  for (int i = 0; i < 4; ++i) {
    backoff.ended(now);
    const auto delay = backoff.next_delay(now, UINT64_MAX);
    if (!delay) return text + "end";
    text += *delay > 24h * 36'500 - 1ms ? "for ever " : std::to_string(delay->count()) + " ";
    if (*delay < 24h) now += *delay;
  }
  return text;
}
std::string computed(Options options) {
  options.jitter = Jitter::none;
  return delays(options);
}

/// The delays after connections that were open for 5 s.
std::string delays_of_connections(Options options) {
  options.jitter = Jitter::none;
  TimePoint now{1h};
  Backoff backoff(options, now);
  std::string text;
  for (int i = 0; i < 3; ++i) {
    backoff.opened(now);
    now += 5s;
    backoff.ended(now);
    text += std::to_string(backoff.next_delay(now, 0).value_or(-1ms).count()) + " ";
  }
  return text;
}

const OptionRow<Options> rows[] = {
    {OPTION(delay),
     computed,
     {{long_ago, "0 0 0 0 "},
      {0ms, "0 0 0 0 "},
      {1ms, "1 2 4 8 "},
      {1s, "1000 2000 4000 8000 "},
      {for_ever, "for ever for ever for ever for ever "}}},
    {OPTION(max_delay),
     computed,
     {{long_ago, "1000 1000 1000 1000 "},
      {0ms, "1000 1000 1000 1000 "},
      {1ms, "1000 1000 1000 1000 "},
      {60s, "1000 2000 4000 8000 "},
      {for_ever, "1000 2000 4000 8000 "}}},
    {OPTION(multiplier),
     [](Options o) {
       o.max_delay = for_ever;
       return computed(o);
     },
     {{-1, "1000 1000 1000 1000 "},
      {0, "1000 1000 1000 1000 "},
      {std::nan(""), "1000 1000 1000 1000 "},
      {1, "1000 1000 1000 1000 "},
      {2, "1000 2000 4000 8000 "},
      {std::numeric_limits<double>::max(), "1000 for ever for ever for ever "},
      {std::numeric_limits<double>::infinity(), "1000 for ever for ever for ever "}}},
    {OPTION(jitter),
     delays,
     {{Jitter::full, "1000 2000 4000 8000 "}, {Jitter::none, "1000 2000 4000 8000 "}},
     CoveredBy{"AppReconnectPolicy.FIX_R35_jitter_draws_delays_below_the_computed_ones"}},
    {OPTION(max_attempts),
     computed,
     {{0, "1000 2000 4000 8000 "}, {1, "end"}, {2, "1000 end"}, {most32, "1000 2000 4000 8000 "}}},
    {OPTION(give_up_after),
     computed,
     {{std::nullopt, "1000 2000 4000 8000 "},
      {long_ago, "end"},
      {0ms, "end"},
      {1ms, "1 end"},
      {4s, "1000 2000 1000 end"},
      {for_ever, "1000 2000 4000 8000 "}}},
    {OPTION(stable_after),
     delays_of_connections,
     {{long_ago, "1000 1000 1000 "},
      {0ms, "1000 1000 1000 "},
      {1ms, "1000 1000 1000 "},
      {10s, "1000 2000 4000 "},
      {for_ever, "1000 2000 4000 "}}},
};

WIRESPAN_OPTION_TABLE(BackoffOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::backoff_option_rows
