// server_metrics.hpp - the numbers of a server as Prometheus reads them.
#pragma once

#include <string>

#include <wirespan/app/server_stats.hpp>

namespace wirespan {

/// Text format 0.0.4, every name beginning with "wirespan_". The answer to GET /metrics.
[[nodiscard]] std::string prometheus_text(const ServerStats& stats);

}  // namespace wirespan
