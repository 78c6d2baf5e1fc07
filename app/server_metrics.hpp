// server_metrics.hpp - the counters of a server as text for Prometheus.
#pragma once

#include <string>

#include <wirespan/app/server_stats.hpp>

namespace wirespan {

/// Returns `stats` in Prometheus' text format 0.0.4, for the answer to GET /metrics. Every name
/// begins with "wirespan_".
[[nodiscard]] std::string prometheus_text(const ServerStats& stats);

}  // namespace wirespan
