// tls/tls_stream.cpp: half-close after a failed write - the write side ends, and the peer's data
// still arrive.
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "support/openssl_peer.hpp"
#include "support/sockets.hpp"
#include "support/tls_pair.hpp"
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::test {
namespace {

using net::IoStatus;

const auto broken_pipe = make_error_code(std::errc::broken_pipe);
const std::string last_words = "a message, and a Close frame with 1008";

/// Two streams over a TCP connection on loopback, after their handshake.
struct TcpTlsPair {
  TcpTlsPair() {
    net::IoResult ours{.status = IoStatus::want_read};
    net::IoResult theirs = ours;
    for (int i = 0; i < 1'000'000 && (ours.would_block() || theirs.would_block()); ++i) {
      if (ours.would_block()) ours = client.handshake();
      if (theirs.would_block()) theirs = server->handshake();
    }
    EXPECT_TRUE(ours.is_ok() && theirs.is_ok());
  }

  SocketPair sockets = tcp_pair();
  net::Network& network = net::system_network();
  tls::TlsStream client =
      *tls::TlsStream::client(net::make_transport(net::TcpSocket(network, sockets.ours.release())),
                              client_context(), "localhost");
  std::optional<tls::TlsStream> server = *tls::TlsStream::server(
      net::make_transport(net::TcpSocket(network, sockets.theirs.release())), server_context());
};

/// Writes until a write fails, and returns its error.
std::error_code error_of_writing(tls::TlsStream& stream) {
  for (int i = 0; i < 10'000; ++i) {
    const auto result = stream.write_some(wire_bytes("anybody?"));
    if (result.status == IoStatus::error) return result.error;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  ADD_FAILURE() << "all was written";
  return {};
}

/// Reads until the end and returns the text; `end` is the last result.
std::string read_to_the_end(tls::TlsStream& stream, net::IoResult& end) {
  std::string all;
  std::array<std::byte, 100> buffer;
  for (int i = 0; i < 1000; ++i) {
    end = stream.read_some(buffer);
    if (end.status == IoStatus::eof || end.status == IoStatus::error) break;
    all += wire_text(Bytes(buffer).first(end.bytes));
  }
  return all;
}

/// The peer closes while bytes of ours are unread, which resets the connection.
TEST(TlsWriteFailure, R132_after_a_reset_what_the_peer_had_sent_is_read) {
  TcpTlsPair pair;
  ASSERT_TRUE(pair.client.write_some(wire_bytes("never read")).is_ok());
  ASSERT_TRUE(pair.server->write_some(wire_bytes(last_words)).is_ok());
  (void)pair.server->shutdown();
  pair.server.reset();
  const auto error = error_of_writing(pair.client);
  EXPECT_TRUE(error == std::errc::connection_reset || error == std::errc::broken_pipe);
  net::IoResult end;
  EXPECT_EQ(read_to_the_end(pair.client, end), last_words);
  EXPECT_EQ(end.status, IoStatus::eof) << "its close_notify has come, too";
  EXPECT_EQ(pair.client.write_some(wire_bytes("x")).error, error) << "the write side stays broken";
}

/// The peer closes in order, and the kernel answers our later bytes with a reset.
TEST(TlsWriteFailure, R132_after_a_broken_pipe_what_the_peer_had_sent_is_read) {
  TcpTlsPair pair;
  ASSERT_TRUE(pair.server->write_some(wire_bytes(last_words)).is_ok());
  (void)pair.server->shutdown();
  pair.server.reset();
  const auto error = error_of_writing(pair.client);
  EXPECT_TRUE(error == std::errc::connection_reset || error == std::errc::broken_pipe);
  net::IoResult end;
  EXPECT_EQ(read_to_the_end(pair.client, end), last_words);
  EXPECT_EQ(end.status, IoStatus::eof);
}

class TlsBrokenWriting : public ::testing::Test {
 protected:
  Wire wire;
  tls::TlsStream client =
      *tls::TlsStream::client(wire.client_transport(), client_context(), "localhost");
  OpensslPeer server{wire, Role::server, server_context()};
  std::array<std::byte, 100> buffer;

  void SetUp() override {
    bool done = false;
    for (int i = 0; i < 10 && !done; ++i) {
      const bool ours = client.handshake().is_ok();
      done = server.handshake() && ours;
    }
    ASSERT_TRUE(done);
    ASSERT_EQ(client.read_some(buffer).status, IoStatus::want_read);  // session tickets
  }
  void expect_reading(const std::string& text) {
    server.write(wire_bytes(text));
    const auto result = client.read_some(buffer);
    EXPECT_EQ(wire_text(Bytes(buffer).first(result.bytes)), text) << result.error.message();
  }
};

TEST_F(TlsBrokenWriting, a_key_update_that_cannot_be_answered_ends_no_reading) {
  wire.client->write_broken = broken_pipe;
  for (int i = 0; i < 5; ++i) {
    server.update_keys(true);
    expect_reading("under new keys");
  }
  EXPECT_EQ(client.write_some(wire_bytes("x")).error, broken_pipe) << "found out while reading";
}

TEST_F(TlsBrokenWriting, a_record_that_was_half_written_holds_up_no_reading) {
  wire.client->most_in_flight = 100;
  const ByteVector stuck = pattern_bytes(20'000);
  ASSERT_EQ(client.write_some(stuck).status, IoStatus::want_write);
  wire.client->write_broken = broken_pipe;
  server.update_keys(true);
  expect_reading("before the next write");
  EXPECT_EQ(client.write_some(stuck).error, broken_pipe);
  EXPECT_EQ(client.bytes_to_repeat(), 0U);
  expect_reading("after it");
}

TEST_F(TlsBrokenWriting, nothing_more_is_written_not_even_a_goodbye) {
  wire.client->write_broken = broken_pipe;
  EXPECT_EQ(client.write_some(wire_bytes("x")).error, broken_pipe);
  wire.client->write_broken = {};
  const std::size_t sent = wire.server->unread();
  EXPECT_EQ(client.write_some(wire_bytes("x")).error, broken_pipe);
  EXPECT_EQ(client.shutdown().error, broken_pipe);
  EXPECT_EQ(wire.client->shutdowns, 1) << "TCP's direction ends all the same";
  EXPECT_EQ(wire.server->unread(), sent) << "records would be missing before it";
  expect_reading("still here");
}

/// The alert that explains the end arrived before our write failed.
TEST(TlsWriteFailureInHandshake, is_told_at_once_and_an_alert_goes_before_it) {
  for (const bool alert : {false, true}) {
    Wire wire;
    auto client = *tls::TlsStream::client(wire.client_transport(), client_context(), "localhost");
    wire.client->write_broken = broken_pipe;
    if (alert) wire.client->arrive("15030300020228"_hex);  // fatal: handshake_failure
    const auto error = client.handshake().error;
    EXPECT_EQ(error.category() == tls::openssl_category(), alert) << error.message();
    if (!alert) {
      EXPECT_EQ(error, broken_pipe);
    }
    EXPECT_EQ(client.handshake().error, error) << "for good";
  }
}

/// A caller's own context to which nothing but SSL_CTX_new() was applied.
TEST(TlsOwnContext, has_the_modes_that_our_streams_need) {
  const std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> own(
      ::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free);
  ASSERT_EQ(::SSL_CTX_load_verify_locations(own.get(), authority_file().c_str(), nullptr), 1);
  ::SSL_CTX_clear_mode(own.get(), ~0L);
  TlsPair pair(client_context({.context = own.get()}));
  ASSERT_TRUE(pair.shake_hands().is_ok());
  pair.wire.client->most_in_flight = 5000;
  const ByteVector bytes = pattern_bytes(100'000);
  EXPECT_EQ(transfer(pair.client, pair.server, bytes), bytes) << "each retry from another place";
  EXPECT_EQ(transfer(pair.server, pair.client, bytes), bytes);
}

}  // namespace
}  // namespace wirespan::test
