// wsbench_html.cpp - the page of results: tables and plots, in one file without scripts.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "wsbench_plot.hpp"
#include "wsbench_report.hpp"

namespace wsbench {
namespace {

constexpr std::string_view head = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>wsbench</title><style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 760px; margin: 2em auto; padding: 0 1em; color: #222 }
h1 { font-size: 1.4em; overflow-wrap: anywhere } h2 { font-size: 1.1em; margin: 2em 0 .5em }
table { border-collapse: collapse } th { text-align: left; font-weight: 600 }
td, th { padding: .15em 1.2em .15em 0 } td { font-variant-numeric: tabular-nums }
.flaw { color: #b00020 } svg { width: 100%; font: 12px system-ui, sans-serif; fill: #555 }
.grid line { stroke: #ddd }
@media (prefers-color-scheme: dark) {
  body { background: #181818; color: #ddd } svg { fill: #aaa } .grid line { stroke: #383838 }
}
</style></head><body>
)";

std::string in_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '<') {
      escaped += "&lt;";
    } else if (c == '&') {
      escaped += "&amp;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string number(double value) {
  std::array<char, 48> room{};
  (void)std::snprintf(room.data(), room.size(), value < 100 ? "%.3g" : "%.0f", value);
  return room.data();
}

std::string row(std::string_view name, std::string_view value, std::string_view kind = "") {
  std::string html = "<tr><th>" + std::string(name) + "</th><td";
  if (!kind.empty()) html += " class=\"" + std::string(kind) + "\"";
  return html + ">" + in_html(value) + "</td></tr>\n";
}

std::string settings(const Options& options, const Results& results) {
  std::string html = "<table id=\"settings\">\n" + row("mode", name_of(options.mode)) +
                     row("connections", std::to_string(options.connections) + " on " +
                                            std::to_string(options.threads) + " threads");
  if (options.mode == Mode::echo) {
    html += options.open_loop()
                ? row("open loop", number(options.rate) + " messages a second")
                : row("closed loop", std::to_string(options.depth) + " on their way for each");
    html += row("message", std::to_string(options.size) + " bytes, " +
                               (options.binary ? "binary" : "text") +
                               (results.compressed ? ", compressed" : ""));
  }
  return html + row("time that counts", number(results.seconds) + " s") + "</table>\n";
}

std::string flaws(const Options& options, const Results& results) {
  std::string html;
  const auto add = [&](const char* name, std::uint64_t count) {
    if (count > 0) html += row(name, std::to_string(count), "flaw");
  };
  add("not connected", results.not_connected);
  add("lost", results.lost);
  add("wrong answers", results.wrong);
  add("unanswered", results.unanswered);
  if (!results.error.empty()) html += row("first failure", results.error, "flaw");
  if (was_the_slowest(options, results)) {
    html += row("note", "wsbench was busy all the time: these may be its own limits", "flaw");
  }
  return html;
}

std::string figures(const Options& options, const Results& results) {
  const double rate =
      results.seconds > 0 ? static_cast<double>(results.messages) / results.seconds : 0;
  return "<h2>Figures</h2>\n<table id=\"figures\">\n" +
         row(options.mode == Mode::connect ? "handshakes a second" : "messages a second",
             number(rate)) +
         row("own CPU", number(results.own_cpu * 100) + " % of its threads' time") +
         flaws(options, results) + "</table>\n";
}

std::string times_row(const char* name, const Histogram& times) {
  if (times.total() == 0) return {};
  std::string html = "<tr><th>" + std::string(name) + "</th>";
  for (const double share : {0.5, 0.9, 0.99, 0.999}) {
    html += "<td>" + time_text(times.quantile(share)) + "</td>";
  }
  return html + "<td>" + time_text(times.longest()) + "</td></tr>\n";
}

std::string times(const Results& results) {
  return "<table id=\"times\"><tr><th></th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th>"
         "<th>longest</th></tr>\n" +
         times_row("round trip", results.round_trips) + times_row("handshake", results.handshakes) +
         "</table>\n";
}

std::string seconds_text(double seconds) { return number(seconds); }
std::string duration_text(double nanoseconds) {
  return nanoseconds <= 0 ? "0" : time_text(static_cast<std::uint64_t>(nanoseconds));
}

using Points = std::vector<std::pair<double, double>>;

/// A value of each slice of the time that counted.
template <class ValueOf>
Points over_time(const Results& results, ValueOf value_of) {
  Points points;
  double time = 0;
  for (const Slice& slice : results.slices) {
    time += results.slice_seconds;
    if (time > results.seconds + results.slice_seconds / 2) break;
    points.emplace_back(time - results.slice_seconds / 2, value_of(slice));
  }
  return points;
}

double highest(const Points& points) {
  double value = 0;
  for (const auto& point : points) value = std::max(value, point.second);
  return value;
}

Axis time_axis(const Results& results) {
  return round_axis("seconds", results.seconds, seconds_text);
}

std::string rate_plot(const Options& options, const Results& results) {
  const Points points = over_time(results, [&](const Slice& slice) {
    return static_cast<double>(slice.messages) / results.slice_seconds;
  });
  const char* const what = options.mode == Mode::connect ? "handshakes" : "messages";
  return "<h2>" + std::string(what) + " a second</h2>\n" +
         plot(time_axis(results), round_axis("", highest(points), number),
              {{.name = what, .colour = "#2a6fdb", .points = points}});
}

std::string times_plot(const Results& results) {
  const auto line = [&](double share) {
    return over_time(results, [share](const Slice& slice) {
      return static_cast<double>(slice.round_trips.quantile(share));
    });
  };
  const Points p50 = line(0.5);
  const Points p99 = line(0.99);
  return "<h2>Time of each moment</h2>\n" +
         plot(time_axis(results), round_axis("", highest(p99), duration_text),
              {{.name = "p50", .colour = "#2a9d5c", .points = p50},
               {.name = "p99", .colour = "#d1495b", .points = p99}});
}

/// The share of messages that took at least so long, in nines: 90 %, 99 %, and so on are evenly
/// far from each other.
std::string percentiles_plot(const Histogram& times) {
  constexpr double nines = 5;
  constexpr double step = 0.05;
  Points points;
  for (double x = 0; x <= nines; x += step) {
    const double share = 1 - std::pow(10, -x);
    points.emplace_back(x, static_cast<double>(times.quantile(share)));
  }
  const Axis across{
      .title = "share of messages that were faster",
      .ticks = {
          {0, "0"}, {1, "90 %"}, {2, "99 %"}, {3, "99.9 %"}, {4, "99.99 %"}, {5, "99.999 %"}}};
  return "<h2>Percentiles</h2>\n" + plot(across, round_axis("", highest(points), duration_text),
                                         {{.name = "time", .colour = "#7b4fc9", .points = points}});
}

}  // namespace

std::string html_of(const Options& options, const Results& results) {
  std::string html = std::string(head) + "<h1>" + in_html(options.url) + "</h1>\n" +
                     settings(options, results) + figures(options, results) + times(results);
  const Histogram& main = options.mode == Mode::connect ? results.handshakes : results.round_trips;
  if (results.messages > 0) html += rate_plot(options, results);
  if (main.total() > 0) html += times_plot(results) + percentiles_plot(main);
  return html + "</body></html>\n";
}

}  // namespace wsbench
