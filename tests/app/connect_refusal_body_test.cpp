// Connecting: bodies of refused handshakes, peers that speak another protocol, and Unix sockets.
// RFC 9112 §7.1, RFC 8446 §5.1.
#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "support/blocking.hpp"
#include <wirespan/net/endpoint.hpp>
#include <wirespan/net/unique_fd.hpp>
#include <wirespan/tls/error.hpp>

namespace wirespan::test {
namespace {

class ConnectRefusalBody : public OverLinks {
 protected:
  /// Sends a head and what follows, keeps the connection open, and returns the body that is told.
  [[nodiscard]] std::string body_of(const std::string& head_lines, const std::string& body) const {
    RawServer server(
        [&](RawPeer& peer) {
          (void)peer.read_head();
          (void)peer.write("HTTP/1.1 503 Busy\r\n" + head_lines + "\r\n" + body);
          (void)peer.read_to_end();
        },
        GetParam());
    try {
      (void)connect(server);
    } catch (const WebSocketBadStatusException& refused) {
      return refused.resp_body();
    }
    return "connected";
  }
};
INSTANTIATE_TEST_SUITE_P(Over, ConnectRefusalBody, ::testing::ValuesIn(links()), link_name);

TEST_P(ConnectRefusalBody, FIX_a_chunked_body_is_decoded) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  EXPECT_EQ(body_of(chunked, "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nT: 1\r\n\r\n"),
            "hello, world");
  EXPECT_EQ(body_of(chunked, "5\r\nhello\r\nnonsense"), "hello");
  EXPECT_EQ(body_of(chunked, "11170\r\n" + std::string(70'000, 'x') + "\r\n0\r\n\r\n").size(),
            limits::rejection_body_size);
}

TEST_P(ConnectRefusalBody, a_refusal_on_an_open_connection_is_told_after_a_short_grace) {
  for (const char* head : {"", "Transfer-Encoding: chunked\r\n", "Content-Length: 100\r\n"}) {
    const Stopwatch watch;
    const std::string body = std::string(head).starts_with("T") ? "4\r\nword" : "word";
    EXPECT_EQ(body_of(head, body), "word") << head;
    EXPECT_LT(watch.elapsed(), 4s) << head;
  }
}

TEST_P(ConnectRefusalBody, a_chunked_body_comes_byte_by_byte_and_may_end_anywhere) {
  const std::string chunks = "4\r\nword\r\n2;a=\"b\"\r\n!!\r\n0\r\nT: x\r\n\r\n";
  const auto body_in = [&](const auto& send) {
    const RawServer server(
        [&](RawPeer& peer) {
          (void)peer.read_head();
          (void)peer.write("HTTP/1.1 503 Busy\r\nTransfer-Encoding: Chunked\r\n\r\n");
          send(peer);
        },
        GetParam());
    try {
      (void)connect(server);
    } catch (const WebSocketBadStatusException& refused) {
      return refused.resp_body();
    }
    return std::string("connected");
  };
  EXPECT_EQ(body_in([&](RawPeer& peer) { (void)peer.write_slowly(chunks, 1ms); }), "word!!");
  for (std::size_t size = 0; size <= chunks.size(); ++size) {
    const std::string body =
        body_in([&](RawPeer& peer) { (void)peer.write(chunks.substr(0, size)); });
    EXPECT_TRUE(std::string_view("word!!").starts_with(body)) << body;
    EXPECT_EQ(body.size(), std::min<std::size_t>(std::max<std::size_t>(size, 3) - 3, 4) +
                               std::min<std::size_t>(std::max<std::size_t>(size, 18) - 18, 2))
        << size;
  }
}

TEST_P(ConnectRefusalBody, a_body_that_drips_ends_at_the_deadline_and_is_told_as_far_as_it_came) {
  const RawServer server(
      [](RawPeer& peer) {
        (void)peer.read_head();
        (void)peer.write("HTTP/1.1 503 Busy\r\n\r\n");
        while (peer.write("x")) std::this_thread::sleep_for(20ms);
      },
      GetParam());
  const Stopwatch watch;
  try {
    (void)connect(server, {.connect_timeout = 700ms});
    ADD_FAILURE() << "connected";
  } catch (const WebSocketBadStatusException& refused) {
    EXPECT_EQ(refused.status_code(), 503);
    EXPECT_FALSE(refused.resp_body().empty());
  }
  EXPECT_LT(watch.elapsed(), 5s);
}

TEST_P(ConnectRefusalBody, a_refusal_on_an_open_connection_is_not_told_before_its_grace) {
  const Stopwatch watch;
  EXPECT_EQ(body_of("", "word"), "word");
  EXPECT_GE(watch.elapsed(), limits::rejection_grace - 50ms);
}

TEST(ConnectOtherProtocol, R26_a_tls_alert_for_a_plain_request_is_recognised) {
  const RawServer server(answering(std::string("\x15\x03\x01\0\x02\x02\x46", 7)));
  EXPECT_EQ(refusal_of([&] { return create_connection(server.url(), {.timeout = 10s}); }),
            plain_exception(Errc::peer_speaks_tls));
  const RawServer slow([](RawPeer& peer) {
    (void)peer.read_head();
    (void)peer.write_slowly(std::string("\x15\x03\x01\0\x02\x02\x46", 7), 20ms);
  });
  EXPECT_EQ(refusal_of([&] { return create_connection(slow.url(), {.timeout = 10s}); }),
            plain_exception(Errc::peer_speaks_tls));
}

TEST(ConnectOtherProtocol, R5_a_unix_socket_is_dialled_by_its_path) {
  const std::string path = "/tmp/wirespan_test_" + std::to_string(::getpid()) + ".sock";
  ::unlink(path.c_str());
  const auto endpoint = net::Endpoint::from_unix_path(path);
  net::UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(listener.get(), endpoint->data(), endpoint->size()), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  std::string request;
  std::thread server([&] {
    RawPeer peer(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    request = peer.accept();
    peer.echo();
  });
  {
    WebSocket ws = create_connection("ws+unix://" + path + ":/chat?x=1", {.timeout = 10s});
    ws.send("local");
    EXPECT_EQ(ws.recv().data, "local");
    ws.close();
  }
  server.join();
  ::unlink(path.c_str());
  EXPECT_TRUE(request.starts_with("GET /chat?x=1 HTTP/1.1\r\n")) << request;
}

}  // namespace
}  // namespace wirespan::test
