// forwarded.hpp - the client's address in the header that proxies add to a request: Forwarded
// (RFC 7239), X-Forwarded-For and their like.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <wirespan/core/ip_address.hpp>

namespace wirespan {

/// The grammar of a header with the addresses of clients.
enum class ForwardedSyntax : std::uint8_t {
  addresses,  ///< A list of addresses, with or without ports: X-Forwarded-For, X-Real-IP.
  rfc7239,    ///< Forwarded: the parameter `for` of each element.
};

/// Returns the address of the client for whom `trusted` proxies have passed a request on, nothing
/// if they do not tell it: then it is the peer. `values` are those of all fields of the name, in
/// order, in a request that came from one of them.
///
/// Each proxy adds the address of its own peer at the end, and a client can send any beginning. So
/// the last address that is no proxy's is the client's. An element that is no address ("unknown",
/// "_hidden", a malformed one) hides all that stands before it: then the proxy behind it is as far
/// as one can see. Malformed text spoils the rest of its field.
[[nodiscard]] std::optional<IpEndpoint> forwarded_client(
    const std::vector<std::string_view>& values, ForwardedSyntax syntax,
    std::span<const IpNetwork> trusted);

/// Returns the address that a list in such a header names: "192.0.2.1", "192.0.2.1:4000",
/// "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4000"; a port may be hidden as "_name", which
/// becomes 0. Nothing for any other text. RFC 7239 §6.
[[nodiscard]] std::optional<IpEndpoint> parse_node(std::string_view text);

}  // namespace wirespan
