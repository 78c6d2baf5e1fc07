// proxy_trust.hpp - whose word about a client's address is taken. Private.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <wirespan/app/server_options.hpp>
#include <wirespan/core/forwarded.hpp>
#include <wirespan/core/headers.hpp>
#include <wirespan/core/ip_address.hpp>
#include <wirespan/net/endpoint.hpp>

namespace wirespan {

/// ServerOptions::proxies, parsed once for all loops. Constant.
class ProxyTrust {
 public:
  explicit ProxyTrust(const ProxyPolicy& options);

  /// The defect of the options with the name of the field; empty: none.
  [[nodiscard]] const std::string& defect() const noexcept { return defect_; }
  /// True if the socket's peer is one of the proxies.
  [[nodiscard]] bool trusts(const net::Endpoint& peer) const noexcept;
  /// True if accepted connections begin with a PROXY header.
  [[nodiscard]] bool wants_proxy_header() const noexcept { return proxy_protocol_; }
  /// The client that a request of `peer` comes from; nothing: it is `peer` itself.
  [[nodiscard]] std::optional<net::Endpoint> client_of(const net::Endpoint& peer,
                                                       const Headers& headers) const;

 private:
  std::vector<IpNetwork> networks_;
  bool unix_sockets_ = false;
  bool proxy_protocol_;
  std::string header_;
  ForwardedSyntax syntax_;
  std::string defect_;
};

}  // namespace wirespan
