// link.cpp - the list of links, to which a build with TLS adds one.
#include "support/link.hpp"

#include <utility>

namespace wirespan::test {
namespace {

std::vector<Link>& known() {
  static std::vector<Link> all{Link{}};
  return all;
}

}  // namespace

std::optional<tls::ServerOptions> Link::for_server() const {
  return is_secure() ? std::optional(server_tls()) : std::nullopt;
}

tls::ClientOptions Link::for_client() const {
  return is_secure() ? client_tls() : tls::ClientOptions{};
}

std::string Link::url(std::uint16_t port, const std::string& resource) const {
  return scheme() + "://127.0.0.1:" + std::to_string(port) + resource;
}

void PrintTo(const Link& link, std::ostream* out) { *out << link.name; }

std::vector<Link> links() { return known(); }

std::vector<Link> links_and_backends() {
  std::vector<Link> all;
  for (Link link : links()) {
    const std::string base = link.name;
    for (const net::Backend backend : {net::Backend::epoll, net::Backend::poll}) {
      link.name = base + (backend == net::Backend::epoll ? "_epoll" : "_poll");
      link.backend = backend;
      all.push_back(link);
    }
  }
  return all;
}

std::string link_name(const ::testing::TestParamInfo<Link>& info) { return info.param.name; }

bool add_link(Link link) {
  known().push_back(std::move(link));
  return true;
}

}  // namespace wirespan::test
