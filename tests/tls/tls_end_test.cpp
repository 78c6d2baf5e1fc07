// tls/tls_stream.cpp: how a connection ends - with close_notify, truncated, or reset. RFC 6455
// §7.1.1, RFC 8446 §6.1.
#include <array>
#include <csignal>
#include <string>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "support/sockets.hpp"
#include "support/tls_pair.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::test {
namespace {

using net::IoStatus;
using tls::TlsErrc;

class TlsEnd : public ::testing::Test {
 protected:
  TlsPair pair;
  std::array<std::byte, 100> buffer;
  void SetUp() override { ASSERT_TRUE(pair.shake_hands().is_ok()); }
};

TEST_F(TlsEnd, R124_an_orderly_one_says_so_and_then_ends_the_transport) {
  EXPECT_EQ(pair.client.write_some(wire_bytes("last words")).bytes, 10U);
  EXPECT_TRUE(pair.client.shutdown().is_ok());
  EXPECT_EQ(pair.wire.client->shutdowns, 1);
  EXPECT_EQ(pair.server.read_some(buffer).bytes, 10U);
  EXPECT_EQ(pair.server.read_some(buffer).status, IoStatus::eof);
  EXPECT_EQ(pair.server.read_some(buffer).status, IoStatus::eof) << "and again";
}

TEST_F(TlsEnd, R124_one_without_close_notify_is_a_cut) {
  EXPECT_EQ(pair.client.write_some(wire_bytes("half a mess")).bytes, 11U);
  pair.wire.server->ended = true;  // as if TCP had ended
  EXPECT_EQ(pair.server.read_some(buffer).bytes, 11U);
  const auto result = pair.server.read_some(buffer);
  EXPECT_EQ(result.status, IoStatus::error);
  EXPECT_EQ(result.error, TlsErrc::truncated);
  EXPECT_EQ(pair.server.read_some(buffer).error, TlsErrc::truncated) << "for ever";
}

TEST_F(TlsEnd, R124_one_in_the_middle_of_a_record_is_a_cut_at_every_byte) {
  const std::size_t before = pair.wire.server->unread();
  ASSERT_EQ(pair.client.write_some(pattern_bytes(50)).bytes, 50U);
  const std::size_t record = pair.wire.server->unread() - before;
  for (std::size_t cut = 0; cut < record; ++cut) {
    TlsPair other;
    ASSERT_TRUE(other.shake_hands().is_ok());
    const std::size_t whole = other.wire.server->unread();
    ASSERT_EQ(other.client.write_some(pattern_bytes(50)).bytes, 50U);
    auto& incoming = other.wire.server->incoming;
    incoming.resize(other.wire.server->taken + whole + cut);
    other.wire.server->ended = true;
    const auto result = other.server.read_some(buffer);
    EXPECT_EQ(result.error, TlsErrc::truncated) << cut;
    EXPECT_EQ(result.bytes, 0U) << "no part of a record is believed";
  }
}

TEST_F(TlsEnd, R124_a_second_shutdown_says_nothing_more) {
  EXPECT_TRUE(pair.client.shutdown().is_ok());
  const std::size_t sent = pair.wire.server->unread();
  EXPECT_TRUE(pair.client.shutdown().is_ok());
  EXPECT_EQ(pair.wire.server->unread(), sent);
}

TEST_F(TlsEnd, R124_each_direction_ends_by_itself) {
  EXPECT_TRUE(pair.client.shutdown().is_ok());
  EXPECT_EQ(pair.server.read_some(buffer).status, IoStatus::eof);
  EXPECT_EQ(pair.server.write_some(wire_bytes("still here")).bytes, 10U);
  EXPECT_EQ(pair.client.read_some(buffer).bytes, 10U);
  EXPECT_TRUE(pair.server.shutdown().is_ok());
  EXPECT_EQ(pair.client.read_some(buffer).status, IoStatus::eof);
}

TEST_F(TlsEnd, R124_the_goodbye_may_have_to_wait_for_room) {
  pair.wire.client->most_in_flight = 0;
  EXPECT_EQ(pair.client.shutdown().status, IoStatus::want_write);
  EXPECT_EQ(pair.client.shutdown().status, IoStatus::want_write);
  EXPECT_EQ(pair.wire.client->shutdowns, 0) << "the transport stays open for it";
  pair.wire.client->most_in_flight = SIZE_MAX;
  EXPECT_TRUE(pair.client.shutdown().is_ok());
  EXPECT_EQ(pair.server.read_some(buffer).status, IoStatus::eof);
}

TEST_F(TlsEnd, a_goodbye_that_cannot_be_said_is_not_said) {
  pair.wire.client->broken = make_error_code(std::errc::broken_pipe);
  EXPECT_FALSE(pair.client.shutdown().would_block());
  EXPECT_EQ(pair.wire.client->shutdowns, 1);
}

TEST_F(TlsEnd, after_an_error_no_goodbye_pretends_that_all_was_well) {
  pair.wire.client->arrive("16030300ff"_hex);
  pair.wire.client->arrive(pattern_bytes(255));
  EXPECT_EQ(pair.client.read_some(buffer).status, IoStatus::error);
  const std::size_t sent = pair.wire.server->unread();
  EXPECT_TRUE(pair.client.shutdown().is_ok());
  EXPECT_EQ(pair.wire.server->unread(), sent);
}

TEST_F(TlsEnd, R132_a_broken_transport_gives_its_own_reason) {
  pair.wire.client->broken = make_error_code(std::errc::connection_reset);
  EXPECT_EQ(pair.client.read_some(buffer).error, std::errc::connection_reset);
  pair.wire.client->broken = {};
  EXPECT_EQ(pair.client.write_some(wire_bytes("x")).error, std::errc::connection_reset)
      << "OpenSSL must not be asked again";
}

TEST(TlsHandshakeEnd, R124_before_its_handshake_a_stream_has_nothing_to_say) {
  Wire wire;
  auto client = *tls::TlsStream::client(wire.client_transport(), client_context(), "localhost");
  EXPECT_TRUE(client.shutdown().is_ok());
  EXPECT_EQ(wire.client->shutdowns, 1);
  EXPECT_EQ(wire.server->unread(), 0U);
}

/// Repeats handshake() while it would block, at most 100 times: a stream may take its input in
/// steps.
net::IoResult shake(tls::TlsStream& stream) {
  net::IoResult result = stream.handshake();
  for (int i = 0; i < 100 && result.would_block(); ++i) result = stream.handshake();
  return result;
}

/// The peer leaves after every byte of the handshake.
TEST(TlsHandshakeEnd, R132_at_every_byte_is_an_error) {
  std::size_t to_server = 0;
  std::size_t to_client = 0;
  {
    TlsPair whole;
    (void)whole.client.handshake();
    to_server = whole.wire.server->unread();
    (void)whole.server.handshake();
    to_client = whole.wire.client->unread();
  }
  for (const bool orderly : {true, false}) {
    for (std::size_t cut = 0; cut < to_server; cut += 3) {
      TlsPair pair;
      (void)pair.client.handshake();
      pair.wire.server->incoming.resize(cut);
      pair.wire.server->most_per_read = 50;
      pair.wire.server->ended = orderly;
      auto result = shake(pair.server);
      if (!orderly) {
        EXPECT_EQ(result.status, IoStatus::want_read);
        pair.wire.server->broken = make_error_code(std::errc::connection_reset);
        result = shake(pair.server);
      }
      EXPECT_EQ(result.error, orderly ? std::error_code(TlsErrc::truncated)
                                      : make_error_code(std::errc::connection_reset));
    }
    for (std::size_t cut = 0; cut < to_client; cut += 11) {
      TlsPair pair;
      (void)pair.client.handshake();
      (void)pair.server.handshake();
      pair.wire.client->incoming.resize(std::min(cut, pair.wire.client->incoming.size()));
      pair.wire.client->ended = true;
      EXPECT_EQ(shake(pair.client).error, TlsErrc::truncated) << cut;
    }
  }
}

TEST(TlsHandshakeEnd, a_close_notify_instead_of_a_handshake_is_a_cut) {
  Wire wire;
  auto server = *tls::TlsStream::server(wire.server_transport(), server_context());
  wire.server->arrive("15030100020100"_hex);  // a warning: close_notify
  EXPECT_EQ(server.handshake().status, IoStatus::error);

  Wire other;
  auto client = *tls::TlsStream::client(other.client_transport(), client_context(), "localhost");
  EXPECT_EQ(client.handshake().status, IoStatus::want_read);
  other.client->arrive("15030300020100"_hex);
  EXPECT_EQ(client.handshake().error, TlsErrc::truncated);
}

// Over a real socket.

/// The default action of SIGPIPE would end this process; OpenSSL's own socket code raises it.
TEST(TlsOverTcp, R132_a_peer_that_resets_before_we_write_is_an_error_and_no_signal) {
  ASSERT_NE(::signal(SIGPIPE, SIG_DFL), SIG_ERR);
  SocketPair sockets = tcp_pair();
  net::Network& network = net::system_network();
  const int server_fd = sockets.theirs.get();
  auto client =
      *tls::TlsStream::client(net::make_transport(net::TcpSocket(network, sockets.ours.release())),
                              client_context(), "localhost");
  auto server = *tls::TlsStream::server(
      net::make_transport(net::TcpSocket(network, sockets.theirs.release())), server_context());
  for (int i = 0; i < 100'000; ++i) {
    const bool client_done = client.handshake().is_ok();
    if (server.handshake().is_ok() && client_done) break;
  }
  ASSERT_TRUE(client.write_some(wire_bytes("hello")).is_ok());
  const linger now{.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(::setsockopt(server_fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
  { const auto gone = std::move(server); }
  net::IoResult result;
  for (int i = 0; i < 1000 && result.status != IoStatus::error; ++i) {
    result = client.write_some(wire_bytes("anybody?"));
  }
  EXPECT_TRUE(result.error == std::errc::connection_reset || result.error == std::errc::broken_pipe)
      << result.error.message();
  (void)client.shutdown();
}

}  // namespace
}  // namespace wirespan::test
