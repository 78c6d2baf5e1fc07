// proxy_trust.cpp - parses ServerOptions::proxies, and finds clients behind them.
#include <algorithm>

#include <wirespan/app/server/proxy_trust.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/in_quotes.hpp>

namespace wirespan {
namespace {

ForwardedSyntax syntax_of(std::string_view header) noexcept {
  return equal_ignoring_case(header, "Forwarded") ? ForwardedSyntax::rfc7239
                                                  : ForwardedSyntax::addresses;
}

}  // namespace

ProxyTrust::ProxyTrust(const ProxyPolicy& options)
    : proxy_protocol_(options.proxy_protocol),
      header_(options.header),
      syntax_(syntax_of(options.header)) {
  for (const std::string& text : options.trusted) {
    const auto network = IpNetwork::parse(text);
    if (network) {
      networks_.push_back(*network);
    } else if (text == "unix") {
      unix_sockets_ = true;
    } else {
      defect_ = "trusted " + in_quotes(text) +
                " is no address, no network (\"10.0.0.0/8\") and not \"unix\"";
    }
  }
  if (!header_.empty() && !is_token(header_)) {
    defect_ = "header " + in_quotes(header_) + " is not the name of a header";
  }
  if (options.trusted.empty() && (proxy_protocol_ || !header_.empty())) {
    defect_ = "trusted is empty: nobody may tell a client's address";
  }
}

bool ProxyTrust::trusts(const net::Endpoint& peer) const noexcept {
  if (peer.family() == net::Family::unix_path) return unix_sockets_;
  const auto ip = peer.ip();
  return ip && std::ranges::any_of(networks_, [&](const IpNetwork& network) {
           return network.contains(ip->address);
         });
}

std::optional<net::Endpoint> ProxyTrust::client_of(const net::Endpoint& peer,
                                                   const Headers& headers) const {
  if (header_.empty() || !trusts(peer)) return std::nullopt;
  const auto client = forwarded_client(headers.get_all(header_), syntax_, networks_);
  return client ? std::optional(net::Endpoint::from_ip(*client)) : std::nullopt;
}

}  // namespace wirespan
