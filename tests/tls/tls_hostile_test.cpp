// tls/tls_stream.cpp, tls/transport_bio.cpp: hostile peers, transports that claim wrong byte
// counts, and errors left in OpenSSL's queue.
#include <array>
#include <random>
#include <string>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "support/case_name.hpp"
#include "support/tls_pair.hpp"

namespace wirespan::test {
namespace {

using net::IoStatus;

int alert_of(std::error_code error) {
  EXPECT_EQ(error.category(), tls::openssl_category()) << error.message();
  return ERR_GET_REASON(static_cast<unsigned long>(static_cast<unsigned>(error.value())));
}

tls::TlsStream lone_server(const Wire& wire) {
  return *tls::TlsStream::server(wire.server_transport(), server_context());
}
tls::TlsStream lone_client(const Wire& wire) {
  return *tls::TlsStream::client(wire.client_transport(), client_context(), "localhost");
}

TEST(TlsHostile, R11_a_client_that_speaks_http_to_a_tls_port) {
  Wire wire;
  auto server = lone_server(wire);
  wire.server->arrive(wire_bytes("GET /chat HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const auto result = server.handshake();
  EXPECT_EQ(alert_of(result.error), SSL_R_HTTP_REQUEST);
  EXPECT_EQ(server.handshake().error, result.error) << "it stays that way";
}

TEST(TlsHostile, R11_a_server_that_does_not_speak_tls_is_told_apart) {
  for (const std::string_view greeting :
       {"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
        "220 mail.example ESMTP\r\n", "GET / HTTP/1.1\r\n\r\n", "\x81\x05hello"}) {
    Wire wire;
    auto client = lone_client(wire);
    EXPECT_EQ(client.handshake().status, IoStatus::want_read);
    wire.client->arrive(wire_bytes(greeting));
    const auto result = client.handshake();
    if (greeting.starts_with("GET")) {  // OpenSSL has a code of its own for a client's request
      EXPECT_EQ(alert_of(result.error), SSL_R_HTTP_REQUEST);
    } else {
      EXPECT_EQ(result.error, tls::TlsErrc::not_tls) << greeting << result.error.message();
    }
    EXPECT_EQ(client.handshake().error, result.error) << "it stays that way";
  }
}

/// Only a first byte that begins no record tells a server that does not speak TLS.
TEST(TlsHostile, a_server_that_speaks_tls_badly_is_not_taken_for_a_plain_one) {
  const ByteVector bad[] = {
      "1604030005 0200000100"_hex,  // a handshake record of version 4
      "1602000005 0200000100"_hex,  // of version 2
      "1503030002 0246"_hex,        // the alert protocol_version
      "1603030005 0200000100"_hex,  // a hello of one byte
  };
  for (const ByteVector& bytes : bad) {
    Wire wire;
    auto client = lone_client(wire);
    (void)client.handshake();
    wire.client->arrive(bytes);
    wire.client->ended = true;
    const auto error = client.handshake().error;
    EXPECT_TRUE(error) << "must fail";
    const bool other_version = bytes[1] != std::byte{3};
    EXPECT_EQ(error == tls::TlsErrc::not_tls, other_version) << error.message();
  }
}

TEST(TlsHostile, a_server_is_never_told_to_use_ws) {
  Wire wire;
  auto server = lone_server(wire);
  wire.server->arrive(wire_bytes("SSH-2.0-OpenSSH_9.2\r\n"));
  EXPECT_EQ(alert_of(server.handshake().error), SSL_R_WRONG_VERSION_NUMBER);
}

/// Ten bytes: a record whose handshake message announces a length of 16 MiB.
TEST(TlsHostile, an_enormous_hello_is_refused_on_its_header) {
  Wire wire;
  auto server = lone_server(wire);
  wire.server->arrive("1603010005 01ffffffff"_hex);
  EXPECT_EQ(server.handshake().status, IoStatus::error);
}

/// A hello of 100,000 bytes in many records is legal. One call takes a bounded share of it.
TEST(TlsHostile, a_long_hello_does_not_keep_one_call_busy) {
  Wire wire;
  auto server = lone_server(wire);
  ByteVector hello = "010186a0"_hex;  // client_hello, its length
  hello.resize(4 + 100'000);
  for (Bytes rest(hello); !rest.empty();) {
    const Bytes part = rest.first(std::min<std::size_t>(rest.size(), 1'000));
    wire.server->arrive("160301"_hex);
    wire.server->arrive(std::array{static_cast<std::byte>(part.size() >> 8),
                                   static_cast<std::byte>(part.size() & 0xFF)});
    wire.server->arrive(part);
    rest = rest.subspan(part.size());
  }
  EXPECT_EQ(server.handshake().status, IoStatus::want_read);
  EXPECT_GT(wire.server->unread(), 60'000U);
}

/// An alert ends the connection, at whatever point it comes.
TEST(TlsHostile, an_alert_is_final) {
  Wire wire;
  auto client = lone_client(wire);
  (void)client.handshake();
  wire.client->arrive("15030300020228"_hex);  // fatal: handshake_failure
  const auto first = client.handshake();
  EXPECT_EQ(alert_of(first.error), SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
  const int reads = wire.client->reads;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.handshake().error, first.error);
  EXPECT_EQ(wire.client->reads, reads) << "no hot loop";
}

/// Noise instead of a handshake: the result is an error or a wait.
TEST(TlsHostile, noise_is_an_error_or_a_wait_and_nothing_else) {
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    ByteVector noise(1 + random() % 3000);
    for (std::byte& byte : noise) byte = static_cast<std::byte>(random());
    if (round % 2 == 0) {  // begins like a record
      constexpr std::array<std::uint8_t, 3> start{22, 3, 1};
      for (std::size_t i = 0; i < std::min<std::size_t>(3, noise.size()); ++i) {
        noise[i] = std::byte{start[i]};
      }
    }
    Wire to_server;
    auto server = lone_server(to_server);
    to_server.server->arrive(noise);
    EXPECT_FALSE(server.handshake().is_ok());
    Wire to_client;
    auto client = lone_client(to_client);
    (void)client.handshake();
    to_client.client->arrive(noise);
    EXPECT_FALSE(client.handshake().is_ok());
  }
}

TEST(TlsHostile, a_bit_that_flips_on_the_way_is_noticed) {
  for (std::size_t bit = 0; bit < 8 * 60; bit += 7) {
    TlsPair pair;
    ASSERT_TRUE(pair.shake_hands().is_ok());
    const std::size_t before = pair.wire.server->incoming.size();
    ASSERT_TRUE(pair.client.write_some(pattern_bytes(60)).is_ok());
    auto& incoming = pair.wire.server->incoming;
    incoming[before + bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    std::array<std::byte, 100> buffer;
    const auto result = pair.server.read_some(buffer);
    const bool waits = result.status == IoStatus::want_read;  // for a longer record
    EXPECT_TRUE(waits || result.status == IoStatus::error) << bit;
    EXPECT_EQ(result.bytes, 0U);
  }
}

// A transport that claims more bytes than it was asked for, or success with none.

struct Lie {
  std::string name;
  std::size_t more;
};
void PrintTo(const Lie& row, std::ostream* out) { *out << row.name; }

class TlsOverALyingTransport : public ::testing::TestWithParam<Lie> {
 protected:
  void lie(WireEnd& end) {
    end.overstate = GetParam().more;
    end.states_nothing = GetParam().more == 0;
  }
};

TEST_P(TlsOverALyingTransport, a_write_is_an_error) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  lie(*pair.wire.client);
  const auto result = pair.client.write_some(pattern_bytes(1000));
  EXPECT_EQ(result.status, IoStatus::error);
  EXPECT_EQ(result.error, std::errc::io_error);
}

TEST_P(TlsOverALyingTransport, a_read_is_an_error) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  pair.wire.client->incoming.clear();
  pair.wire.client->taken = 0;
  ASSERT_TRUE(pair.server.write_some(pattern_bytes(100'000)).is_ok());  // more than one read takes
  lie(*pair.wire.client);
  std::array<std::byte, 64> buffer;
  const auto result = pair.client.read_some(buffer);
  EXPECT_EQ(result.status, IoStatus::error);
  EXPECT_EQ(result.error, std::errc::io_error);
}

TEST_P(TlsOverALyingTransport, a_handshake_is_an_error) {
  for (const bool at_client : {true, false}) {
    TlsPair pair;
    lie(at_client ? *pair.wire.client : *pair.wire.server);
    const auto outcome = pair.shake_hands();
    EXPECT_EQ((at_client ? outcome.client : outcome.server).error, std::errc::io_error);
  }
}

const Lie lies[] = {{"nothing", 0}, {"enough_to_matter", 1 << 20}, {"all_there_is", SIZE_MAX / 2}};
INSTANTIATE_TEST_SUITE_P(claiming, TlsOverALyingTransport, ::testing::ValuesIn(lies),
                         case_name<Lie>);

// Errors in OpenSSL's queue of this thread that belong to another connection.

void poison() {
  ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
  ERR_raise(ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED);
}

TEST(TlsErrorQueue, what_others_left_in_it_does_no_harm) {
  TlsPair pair;
  net::IoResult client{.status = IoStatus::want_read};
  net::IoResult server{.status = IoStatus::want_read};
  for (int i = 0; i < 20 && (client.would_block() || server.would_block()); ++i) {
    poison();
    client = pair.client.handshake();
    poison();
    server = pair.server.handshake();
  }
  EXPECT_TRUE(client.is_ok());
  EXPECT_TRUE(server.is_ok());
  std::array<std::byte, 100> buffer;
  poison();
  EXPECT_EQ(pair.client.read_some(buffer).status, IoStatus::want_read);
  poison();
  EXPECT_EQ(pair.client.write_some(wire_bytes("hello")).bytes, 5U);
  pair.wire.client->most_in_flight = 0;
  poison();
  EXPECT_EQ(pair.client.write_some(wire_bytes("hello")).status, IoStatus::want_write);
  pair.wire.client->most_in_flight = SIZE_MAX;
  poison();
  EXPECT_EQ(pair.client.write_some(wire_bytes("hello")).bytes, 5U);
  poison();
  EXPECT_EQ(pair.server.read_some(buffer).bytes, 10U);
  poison();
  EXPECT_TRUE(pair.client.shutdown().is_ok());
  poison();
  EXPECT_EQ(pair.server.read_some(buffer).status, IoStatus::eof);
  ::ERR_clear_error();
}

TEST(TlsErrorQueue, what_we_leave_in_it_is_nothing) {
  Wire wire;
  auto server = lone_server(wire);
  wire.server->arrive(wire_bytes("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(server.handshake().status, IoStatus::error);
  EXPECT_EQ(::ERR_peek_error(), 0U);
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  pair.wire.server->ended = true;
  std::array<std::byte, 10> buffer;
  EXPECT_EQ(pair.server.read_some(buffer).error, tls::TlsErrc::truncated);
  EXPECT_EQ(::ERR_peek_error(), 0U);
  (void)pair.server.shutdown();
  EXPECT_EQ(::ERR_peek_error(), 0U);
}

/// Two connections on one thread: neither reports an error of the other.
TEST(TlsErrorQueue, each_connection_has_its_own_errors) {
  TlsPair good;
  ASSERT_TRUE(good.shake_hands().is_ok());
  for (int i = 0; i < 20; ++i) {
    TlsPair bad(client_context(), server_context(serving({.name = "self", .self_signed = true})));
    EXPECT_FALSE(bad.shake_hands().is_ok());
    EXPECT_EQ(wire_text(transfer(good.client, good.server, wire_bytes("fine"))), "fine");
    EXPECT_EQ(wire_text(transfer(good.server, good.client, wire_bytes("too"))), "too");
  }
}

}  // namespace
}  // namespace wirespan::test
