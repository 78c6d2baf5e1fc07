// link.hpp - the kinds of connection that a test runs over: plain or TLS, epoll or poll.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wirespan/net/poller.hpp>
#include <wirespan/tls/options.hpp>

namespace wirespan::test {

/// Parameter of tests: a transport (plain or TLS) and a poller back end. The TLS settings are
/// functions because certificates cost time: they are made when first needed.
struct Link {
  std::string name = "plain";
  net::Backend backend = net::Backend::automatic;
  tls::ServerOptions (*server_tls)() = nullptr;
  tls::ClientOptions (*client_tls)() = nullptr;

  [[nodiscard]] bool is_secure() const noexcept { return server_tls != nullptr; }
  /// TLS options for a server of this kind; nullopt without TLS.
  [[nodiscard]] std::optional<tls::ServerOptions> for_server() const;
  /// TLS options for a client that trusts that server; the defaults without TLS.
  [[nodiscard]] tls::ClientOptions for_client() const;
  [[nodiscard]] std::string scheme() const { return is_secure() ? "wss" : "ws"; }
  [[nodiscard]] std::string url(std::uint16_t port, const std::string& resource = "/") const;
};
void PrintTo(const Link& link, std::ostream* out);

/// Returns "plain", and "tls" in a build with TLS.
[[nodiscard]] std::vector<Link> links();
/// Returns each of links() with each back end: "plain_epoll", "plain_poll", ...
[[nodiscard]] std::vector<Link> links_and_backends();
[[nodiscard]] std::string link_name(const ::testing::TestParamInfo<Link>& info);
/// Adds a link to links(). Called before main() by the file that has the certificates, where there
/// is one.
bool add_link(Link link);

}  // namespace wirespan::test
