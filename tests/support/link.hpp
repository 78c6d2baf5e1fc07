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

/// A parameter of tests. TLS settings are made when they are needed: certificates cost time.
struct Link {
  std::string name = "plain";
  net::Backend backend = net::Backend::automatic;
  tls::ServerOptions (*server_tls)() = nullptr;
  tls::ClientOptions (*client_tls)() = nullptr;

  [[nodiscard]] bool is_secure() const noexcept { return server_tls != nullptr; }
  /// What a server of this kind is made with.
  [[nodiscard]] std::optional<tls::ServerOptions> for_server() const;
  /// What a client needs to believe that server.
  [[nodiscard]] tls::ClientOptions for_client() const;
  [[nodiscard]] std::string scheme() const { return is_secure() ? "wss" : "ws"; }
  [[nodiscard]] std::string url(std::uint16_t port, const std::string& resource = "/") const;
};
void PrintTo(const Link& link, std::ostream* out);

/// "plain", and "tls" in a build with TLS.
[[nodiscard]] std::vector<Link> links();
/// Each of them with each back end: "plain_epoll", "plain_poll", ...
[[nodiscard]] std::vector<Link> links_and_backends();
[[nodiscard]] std::string link_name(const ::testing::TestParamInfo<Link>& info);
/// Called before main() by the file that knows certificates, where there is one.
bool add_link(Link link);

}  // namespace wirespan::test
