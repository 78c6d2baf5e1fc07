// tls/tls_stream.cpp: TLS inside TLS, as a client uses it through an https proxy.
#include <array>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "support/fail_after.hpp"
#include "support/tls_pair.hpp"
#include <wirespan/net/stream.hpp>

namespace wirespan::test {
namespace {

using net::IoStatus;

/// An open outer connection, and an inner one over it.
struct NestedTls {
  explicit NestedTls(std::string_view inner_name = "inner.example") {
    TlsPair outer;
    wire = outer.wire;
    EXPECT_TRUE(outer.shake_hands().is_ok());
    const auto inner_server =
        server_context(serving({.name = "inner", .dns_names = {"inner.example"}}));
    client.emplace(*tls::TlsStream::client(net::make_transport(std::move(outer.client)),
                                           client_context(), inner_name));
    server.emplace(
        *tls::TlsStream::server(net::make_transport(std::move(outer.server)), inner_server));
  }

  HandshakeOutcome shake_hands() {
    HandshakeOutcome outcome{{.status = IoStatus::want_read}, {.status = IoStatus::want_read}};
    for (int i = 0; i < 10'000; ++i) {
      if (outcome.client.would_block()) outcome.client = client->handshake();
      if (outcome.server.would_block()) outcome.server = server->handshake();
      if (!outcome.client.would_block() && !outcome.server.would_block()) break;
      if (outcome.client.status == IoStatus::error) break;
    }
    return outcome;
  }

  Wire wire;
  std::optional<tls::TlsStream> client;
  std::optional<tls::TlsStream> server;
};

TEST(TlsInTls, carries_bytes_both_ways) {
  NestedTls nested;
  ASSERT_TRUE(nested.shake_hands().is_ok());
  for (const std::size_t size : {1U, 1000U, 16384U, 200'000U}) {
    const ByteVector bytes = pattern_bytes(size);
    EXPECT_EQ(transfer(*nested.client, *nested.server, bytes), bytes);
    EXPECT_EQ(transfer(*nested.server, *nested.client, bytes), bytes);
  }
}

TEST(TlsInTls, R11_verifies_the_inner_name) {
  NestedTls nested("localhost");  // the name in the outer certificate
  const auto outcome = nested.shake_hands();
  EXPECT_EQ(outcome.client.error.category(), tls::certificate_category())
      << outcome.client.error.message();
}

/// The inner stream has queued the reason when it writes its alert through the outer one. A call of
/// the outer one that blocks asks for its own errors, and must neither take nor drop the reason.
TEST(TlsInTls, R11_the_reason_stands_whichever_operation_of_the_transport_blocks) {
  const int places = run_until_nothing_fails([](FailAfter& block) {
    NestedTls nested("localhost");
    nested.wire.client->block = &block;
    const auto outcome = nested.shake_hands();
    EXPECT_EQ(outcome.client.error.category(), tls::certificate_category())
        << outcome.client.error.message();
  });
  EXPECT_GT(places, 3);
}

/// OpenSSL has one error queue for a thread: what others have left there is not this call's, and
/// a call leaves nothing for others.
TEST(TlsInTls, an_older_error_of_the_thread_is_not_taken_for_its_own) {
  NestedTls nested;
  std::array<std::byte, 100> room;
  const auto check = [](const auto& call, IoStatus expected) {
    ::ERR_new();
    ::ERR_set_error(ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER, nullptr);
    const net::IoResult result = call();
    EXPECT_EQ(result.status, expected) << result.error.message();
    EXPECT_EQ(::ERR_peek_error(), 0U);
  };
  check([&] { return nested.client->handshake(); }, IoStatus::want_read);
  ASSERT_TRUE(nested.shake_hands().is_ok());
  check([&] { return nested.client->read_some(room); }, IoStatus::want_read);
  check([&] { return nested.server->read_some(room); }, IoStatus::want_read);
  check([&] { return nested.client->write_some(pattern_bytes(10)); }, IoStatus::ok);
  check([&] { return nested.server->read_some(room); }, IoStatus::ok);
  check([&] { return nested.client->shutdown(); }, IoStatus::ok);
  check([&] { return nested.server->read_some(room); }, IoStatus::eof);
}

TEST(TlsInTls, sees_what_the_outer_stream_has_read_ahead) {
  NestedTls nested;
  ASSERT_TRUE(nested.shake_hands().is_ok());
  // Many small inner records arrive in one large outer read.
  for (int i = 0; i < 100; ++i) ASSERT_EQ(nested.client->write_some(pattern_bytes(50)).bytes, 50U);
  std::array<std::byte, 10> small;
  std::size_t read = nested.server->read_some(small).bytes;
  while (nested.server->has_buffered_input() || nested.wire.server->unread() > 0) {
    const auto result = nested.server->read_some(small);
    ASSERT_TRUE(result.is_ok() || result.would_block());
    if (result.would_block()) break;
    read += result.bytes;
  }
  EXPECT_EQ(read, 5000U) << "the rest is where no poller can see it";
}

TEST(TlsInTls, R124_says_goodbye_twice) {
  NestedTls nested;
  ASSERT_TRUE(nested.shake_hands().is_ok());
  EXPECT_TRUE(nested.client->shutdown().is_ok());
  EXPECT_EQ(nested.wire.client->shutdowns, 1);
  std::array<std::byte, 10> buffer;
  EXPECT_EQ(nested.server->read_some(buffer).status, IoStatus::eof);
}

TEST(TlsInTls, R124_a_cut_of_the_outer_one_is_a_cut_of_the_inner_one) {
  NestedTls nested;
  ASSERT_TRUE(nested.shake_hands().is_ok());
  nested.wire.server->ended = true;
  std::array<std::byte, 10> buffer;
  EXPECT_EQ(nested.server->read_some(buffer).error, tls::TlsErrc::truncated);
}

TEST(TlsInTls, over_small_steps_loses_nothing) {
  NestedTls nested;
  for (auto* end : {nested.wire.client.get(), nested.wire.server.get()}) {
    end->most_per_read = 100;
    end->most_per_write = 70;
    end->most_in_flight = 600;
  }
  ASSERT_TRUE(nested.shake_hands().is_ok());
  const ByteVector bytes = pattern_bytes(60'000);
  EXPECT_EQ(transfer(*nested.client, *nested.server, bytes), bytes);
  EXPECT_EQ(transfer(*nested.server, *nested.client, bytes), bytes);
}

}  // namespace
}  // namespace wirespan::test
