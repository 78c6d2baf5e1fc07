// ConnectOptions::network: a blocking client does everything through the network that it was given.
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/left_behind.hpp"
#include "support/raw_server.hpp"
#include "support/sockets.hpp"
#include "support/spy_network.hpp"
#include "support/thrown.hpp"
#include <wirespan/app/websocket.hpp>

namespace wirespan::test {
namespace {

class WebSocketNetwork : public ::testing::TestWithParam<Link> {
 protected:
  [[nodiscard]] ConnectOptions with(ConnectOptions options = {}) {
    options.network = &network;
    options.sslopt = GetParam().for_client();
    return options;
  }
  SpyNetwork network;
};
INSTANTIATE_TEST_SUITE_P(Over, WebSocketNetwork, ::testing::ValuesIn(links()), link_name);

TEST_P(WebSocketNetwork, names_sockets_reads_writes_and_waits_are_its) {
  const RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept();
        peer.echo();
      },
      GetParam());
  network.most_per_read = 7;
  network.most_per_write = 5;
  {
    WebSocket client(with());
    client.connect(server.url());
    (void)client.send("hello");
    EXPECT_EQ(client.recv().text(), "hello");
    client.close();
  }
  EXPECT_EQ(network.opens, 1);
  EXPECT_EQ(network.connects, 1);
  EXPECT_EQ(network.closes, 1);
  EXPECT_GT(network.reads, 20) << "the response alone has more than 100 bytes";
  EXPECT_GT(network.writes, 20);
  EXPECT_GT(network.waits, 0);
}

/// A network whose writes fail from some point on, without a word to the peer.
class MuteNetwork final : public SpyNetwork {
 public:
  std::atomic<bool> is_mute{false};
  [[nodiscard]] net::IoResult write(int fd, std::span<const Bytes> pieces) override {
    if (is_mute) return net::IoResult::failure(make_error_code(std::errc::broken_pipe));
    return SpyNetwork::write(fd, pieces);
  }
};

TEST(WebSocketNetworkClose, after_a_failed_write_close_waits_no_longer_than_it_is_told) {
  const RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.read_to_end();
  });
  for (const auto time : {0ms, 100ms}) {
    MuteNetwork network;
    ConnectOptions options;
    options.network = &network;
    WebSocket client(std::move(options));
    client.connect(server.url());
    network.is_mute = true;
    EXPECT_THROW((void)client.send("hello"), WebSocketException);
    const Stopwatch watch;
    client.close(STATUS_NORMAL, "", time);
    EXPECT_GE(watch.elapsed(), time - 1ms);
    EXPECT_LT(watch.elapsed(), 1s) << "limits::close_time is 3 s";
  }
}

TEST_P(WebSocketNetwork, a_name_is_looked_up_there) {
  threads_may_rest();  // that of the look-up
  network.resolver = [](const std::string&) -> Expected<std::vector<net::Endpoint>> {
    return make_error_code(Errc::host_not_found);
  };
  WebSocket client(with());
  EXPECT_EQ(refusal_of([&] { client.connect("ws://feed.example/"); }),
            (Thrown{"WebSocketAddressException", Errc::host_not_found}));
  EXPECT_EQ(network.resolves, 1);
  EXPECT_EQ(network.opens, 0);
}

/// A given socket belongs to the WebSocket, and so to its network.
TEST_P(WebSocketNetwork, a_given_socket_that_is_not_used_is_closed_there) {
  for (const bool connects : {false, true}) {
    network.closes = 0;
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    {
      WebSocket client(with({.socket = fd}));
      if (connects) {
        EXPECT_EQ(refusal_of([&] { client.connect("no URL"); }),
                  plain_exception(Errc::invalid_url));
      }
    }
    EXPECT_EQ(network.closes, 1);
  }
}

}  // namespace
}  // namespace wirespan::test
