// proxy_info.hpp - which proxy a connection would take. RFC 9110 §3.7.
#pragma once

#include <optional>
#include <string>

#include <wirespan/app/options.hpp>
#include <wirespan/core/proxy.hpp>

namespace wirespan {

/// Returns the proxy that create_connection(url, options) would use: from the options, else from
/// the environment; nothing for a direct connection, as a server that no_proxy lists has. Throws
/// WebSocketProxyException for a proxy that cannot be used, and WebSocketException for a URL that
/// is none. Any thread, as long as none changes the environment.
[[nodiscard]] std::optional<Proxy> get_proxy_info(const std::string& url,
                                                  const ConnectOptions& options = {});

}  // namespace wirespan
