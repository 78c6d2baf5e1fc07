// server_metrics.cpp - prometheus_text(): the counters of a server in Prometheus' text format.
#include <chrono>
#include <string_view>

#include <wirespan/app/server_metrics.hpp>

namespace wirespan {
namespace {

/// A text in Prometheus' exposition format. head() begins a metric; row() adds one value of it.
class Page {
 public:
  void head(std::string_view name, std::string_view type, std::string_view help) {
    name_ = "wirespan_";
    name_ += name;
    text_.append("# HELP ").append(name_).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name_).append(" ").append(type).append("\n");
  }
  void row(std::string_view value, std::string_view label = {}, std::string_view label_value = {}) {
    text_ += name_;
    if (!label.empty()) {
      text_.append("{").append(label).append("=\"").append(label_value).append("\"}");
    }
    text_.append(" ").append(value).append("\n");
  }
  void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
    head(name, "gauge", help);
    row(std::to_string(value));
  }
  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    head(name, "counter", help);
    row(std::to_string(value));
  }
  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  std::string text_;
  std::string name_;
};

void add_refusals(Page& page, const RefusalCounts& refused) {
  const std::pair<std::string_view, std::uint64_t> rows[] = {
      {"handshake_time", refused.handshake_time},
      {"head_size", refused.head_size},
      {"head_fields", refused.head_fields},
      {"bad_request", refused.bad_request},
      {"tls", refused.tls},
      {"origin", refused.origin},
      {"rejected", refused.rejected},
      {"connections", refused.connections},
      {"address", refused.address},
      {"proxy", refused.proxy},
      {"no_descriptor", refused.no_descriptor},
      {"message_size", refused.message_size},
      {"fragments", refused.fragments},
      {"pings", refused.pings},
      {"idle_time", refused.idle_time},
      {"progress", refused.progress},
      {"pong_time", refused.pong_time},
      {"protocol", refused.protocol},
      {"send_queue", refused.send_queue},
      {"send_budget", refused.send_budget},
      {"dropped", refused.dropped},
      {"overflow_closed", refused.overflow_closed},
      {"resources", refused.resources},
  };
  page.head("refused_total", "counter", "Refusals, by the name of the limit.");
  for (const auto& [limit, count] : rows) page.row(std::to_string(count), "limit", limit);
}

}  // namespace

std::string prometheus_text(const ServerStats& stats) {
  Page page;
  page.gauge("connections", "Open connections.", stats.open);
  page.gauge("handshakes", "Opening handshakes under way.", stats.handshaking);
  page.gauge("send_queue_bytes", "Unsent bytes of all connections.", stats.send_queue);
  page.head("loop_lag_seconds", "gauge", "The longest turn of a loop in the last seconds.");
  page.row(std::to_string(std::chrono::duration<double>(stats.loop_lag).count()));
  page.counter("accepted_total", "Sockets accepted.", stats.accepted);
  page.counter("opened_total", "Connections opened.", stats.opened);
  page.counter("http_requests_total", "Requests that were no upgrade.", stats.http_requests);
  page.head("messages_total", "counter", "Messages.");
  page.row(std::to_string(stats.messages_in), "direction", "in");
  page.row(std::to_string(stats.messages_out), "direction", "out");
  page.head("bytes_total", "counter", "Bytes of the streams.");
  page.row(std::to_string(stats.bytes_in), "direction", "in");
  page.row(std::to_string(stats.bytes_out), "direction", "out");
  page.counter("published_total", "Messages published.", stats.published);
  page.counter("conflated_total", "Unsent messages replaced by newer ones.", stats.conflated);
  page.counter("unsent_bytes_total", "Bytes accepted and never written.", stats.unsent_at_close);
  page.head("closed_total", "counter", "Connections closed, by the code of the peer.");
  for (const auto& [code, count] : stats.closes_by_code) {
    page.row(std::to_string(count), "code", std::to_string(code));
  }
  add_refusals(page, stats.refused);
  return std::move(page).take();
}

}  // namespace wirespan
