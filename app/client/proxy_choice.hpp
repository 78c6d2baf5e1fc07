// proxy_choice.hpp - which proxy a connection takes: from the options, else the environment.
// Private.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <wirespan/app/options.hpp>
#include <wirespan/core/proxy.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan {

/// The rules by which a connection chooses its proxy, read once for an attempt.
struct ProxyChoice {
  std::optional<Proxy> given;            // from the options: it wins over the environment
  std::string for_ws, for_wss;           // proxy URLs from the environment; empty: none
  std::string no_proxy;                  // servers that are reached directly
  tls::ClientOptions sslopt;             // TLS to a proxy of type https
  std::chrono::milliseconds deadline{};  // for the proxy's part; 0: no deadline of its own
};

/// Reads the options, and the environment unless they forbid it. Errc::invalid_proxy for options
/// that cannot be used; `detail` names the one.
[[nodiscard]] Expected<ProxyChoice> read_proxy_choice(const ConnectOptions& options,
                                                      std::string& detail);

/// Returns the proxy for a URL; nothing for a direct connection. Errc::invalid_proxy if the
/// environment has a text that is no URL of a proxy; `detail` names the variable.
[[nodiscard]] Expected<std::optional<Proxy>> choose_proxy(const ProxyChoice& choice, const Url& url,
                                                          std::string& detail);

}  // namespace wirespan
