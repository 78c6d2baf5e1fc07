// app/server/acceptor.cpp: a TLS handshake that is put off waits for the direction TLS asked for.

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/running_server.hpp"
#include "support/tls_link.hpp"
#include <wirespan/app/server/acceptor.hpp>
#include <wirespan/net/tcp_socket.hpp>
#include <wirespan/tls/context.hpp>
#include <wirespan/tls/tls_stream.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

/// Host that allows as many TLS steps as the test sets, and records how the acceptor ends.
class Host final : public AcceptorHost {
 public:
  int steps_allowed = 1'000;
  int steps_refused = 0;
  bool asked = false;
  std::optional<std::error_code> end;

  bool may_secure() override {
    if (steps_allowed-- > 0) return true;
    ++steps_refused;
    steps_allowed = 1;  // of the next turn
    return false;
  }
  void on_upgrade(Acceptor& acceptor, ServerRequest) override {
    asked = true;
    acceptor.accept({}, {});
  }
  std::optional<Transport> on_proxy_header(Acceptor&, Transport transport,
                                           const std::optional<net::Endpoint>&) override {
    return transport;
  }
  void on_bad_proxy_header(Acceptor&, std::string_view) override {}
  bool find_client(Acceptor&, const Headers&) override { return true; }
  std::optional<HttpResponse> on_http(const HttpRequest&) override { return std::nullopt; }
  void on_accepted(Acceptor&, std::optional<AcceptedConnection>, std::error_code error) override {
    end = error;
  }
};

/// Returns the two ends of a connection; the first, the server's, has the smallest send buffer.
std::pair<int, int> narrow_pair() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const int least = 1;  // the kernel raises it to its minimum, about 4.5 KiB
  ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
  EXPECT_FALSE(net::system_network().set_nonblocking(ends[0]));
  return {ends[0], ends[1]};
}

/// Returns a server context whose certificate has about 60 KiB.
tls::Context large_context() {
  CertificateSpec spec{.name = "large"};
  for (int i = 0; i < 1500; ++i) {
    spec.dns_names.push_back("a-name-that-makes-it-large-" + std::to_string(i) + ".example");
  }
  const auto files = certificate(spec);
  return *tls::Context::for_server({.certificate_file = files.certificate, .key_file = files.key});
}

class AcceptorOverTls : public ::testing::TestWithParam<net::Backend> {};
INSTANTIATE_TEST_SUITE_P(BackEnds, AcceptorOverTls,
                         ::testing::Values(net::Backend::epoll, net::Backend::poll));

/// may_secure() refuses each second step, most of them while TLS has more to write.
TEST_P(AcceptorOverTls, whose_share_is_used_up_waits_for_what_tls_wants) {
  net::EventLoop loop({.backend = GetParam()});
  const auto [ours, theirs] = narrow_pair();
  auto stream = tls::TlsStream::server(net::make_transport(net::TcpSocket(loop.network(), ours)),
                                       large_context());
  Host host;
  host.steps_allowed = 1;
  const AcceptorOptions options{.handshake_time = 3s};
  ServerAdmission admission(1, 0, false);
  Acceptor acceptor(loop, host, options, Transport(*std::move(stream)), {},
                    {.address = {}, .permit = *admission.take()});
  auto client = std::async(std::launch::async, [fd = theirs] {
    RawPeer peer(fd, Role::client);
    peer.secure_as_client(trusting_client());
    peer.write(upgrade_request());
    return peer.read_head();
  });
  acceptor.start({});
  while (!host.end) loop.run_once(100ms);
  EXPECT_EQ(*host.end, std::error_code{}) << "the handshake hangs";
  EXPECT_TRUE(host.asked);
  EXPECT_GT(host.steps_refused, 0);
  EXPECT_TRUE(client.get().starts_with("HTTP/1.1 101 "));
}

}  // namespace
}  // namespace wirespan::test
