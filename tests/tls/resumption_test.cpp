// tls/session_cache.cpp, tls/client_side.cpp: which sessions are resumed, with both versions of
// TLS, and that no check is left out. RFC 5246 §7.3, RFC 8446 §2.2, §C.4.
#include <atomic>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "support/environment.hpp"
#include "support/tls_pair.hpp"
#include <wirespan/core/limits.hpp>
#include <wirespan/tls/session_cache.hpp>

namespace wirespan::test {
namespace {

using Cache = std::shared_ptr<tls::SessionCache>;

Cache new_cache(std::size_t most = limits::tls_sessions) {
  return std::make_shared<tls::SessionCache>(most);
}

tls::ClientOptions caching(const Cache& cache) {
  auto options = trusting();
  options.session_cache = cache;
  return options;
}

/// The peer, and a connection to it that may resume a session.
struct Meeting {
  tls::Context server = server_context();
  std::string name = "localhost";
  bool check_hostname = true;
  std::uint16_t port = 443;

  /// Connects, receives a byte, which comes behind the tickets, and ends the connection: without
  /// close_notify, unless the end is to be orderly. True if both sides say that a session was
  /// resumed.
  [[nodiscard]] bool resumes(const tls::ClientOptions& options, bool orderly = false) const {
    TlsPair pair(client_context(options), server, name, check_hostname, port);
    const auto outcome = pair.shake_hands();
    EXPECT_TRUE(outcome.is_ok()) << outcome.client.error.message();
    if (!outcome.is_ok()) return false;
    EXPECT_EQ(wire_text(transfer(pair.server, pair.client, wire_bytes("x"))), "x");
    EXPECT_EQ(pair.client.session_reused(), pair.server.session_reused());
    if (orderly) {
      EXPECT_TRUE(pair.client.shutdown().is_ok() && pair.server.shutdown().is_ok());
    }
    return pair.server.session_reused();
  }
  /// Returns the client's error.
  [[nodiscard]] std::error_code failure(const tls::ClientOptions& options) const {
    TlsPair pair(client_context(options), server, name, check_hostname, port);
    const auto outcome = pair.shake_hands();
    EXPECT_FALSE(pair.server.session_reused()) << "no session may be offered";
    return outcome.client.error;
  }
};

tls::Context server_of_version(int version, const tls::ServerOptions& options = serving()) {
  const auto context = server_context(options);
  SSL_CTX_set_max_proto_version(context.native(), version);
  return context;
}

class Resumption : public ::testing::TestWithParam<int> {
 protected:
  [[nodiscard]] Meeting meeting(const CertificateSpec& spec = {}) const {
    return {.server = server_of_version(GetParam(), serving(spec))};
  }
  [[nodiscard]] bool is_new() const { return GetParam() == TLS1_3_VERSION; }
};
INSTANTIATE_TEST_SUITE_P(Of, Resumption, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& row) {
                           return row.param == TLS1_3_VERSION ? "tls1_3" : "tls1_2";
                         });

TEST_P(Resumption, shortens_every_connection_but_the_first) {
  const Meeting peer = meeting();
  const auto options = caching(new_cache());
  EXPECT_FALSE(peer.resumes(options));
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(peer.resumes(options)) << i;
}

/// The server keeps the sessions itself, and drops those of connections that were cut.
TEST_P(Resumption, works_with_session_ids_and_without_tickets) {
  const Meeting peer = meeting();
  ::SSL_CTX_set_options(peer.server.native(), SSL_OP_NO_TICKET);
  const auto options = caching(new_cache());
  EXPECT_FALSE(peer.resumes(options, true));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(peer.resumes(options, true)) << i;
}

TEST_P(Resumption, happens_after_an_orderly_end_too) {
  const Meeting peer = meeting();
  const auto options = caching(new_cache());
  EXPECT_FALSE(peer.resumes(options, true));
  EXPECT_TRUE(peer.resumes(options));
}

TEST_P(Resumption, needs_a_cache_and_the_option) {
  const Meeting peer = meeting();
  EXPECT_FALSE(peer.resumes(trusting()));
  EXPECT_FALSE(peer.resumes(trusting()));
  const auto cache = new_cache();
  auto options = caching(cache);
  options.resume = false;
  EXPECT_FALSE(peer.resumes(options));
  EXPECT_FALSE(peer.resumes(options));
  EXPECT_EQ(cache->size(), 0U);
}

TEST_P(Resumption, is_for_the_same_name_and_port_only) {
  const auto options = caching(new_cache());
  Meeting peer = meeting({.name = "several", .dns_names = {"a.example", "b.example"}});
  peer.name = "a.example";
  EXPECT_FALSE(peer.resumes(options));
  peer.name = "b.example";
  EXPECT_FALSE(peer.resumes(options));
  EXPECT_TRUE(peer.resumes(options));
  peer.port = 444;
  EXPECT_FALSE(peer.resumes(options));
  EXPECT_TRUE(peer.resumes(options));
}

TEST_P(Resumption, leaves_the_peers_certificate_readable) {
  const Meeting peer = meeting();
  const auto options = caching(new_cache());
  EXPECT_FALSE(peer.resumes(options));
  TlsPair pair(client_context(options), peer.server, "localhost", true, peer.port);
  ASSERT_TRUE(pair.shake_hands().is_ok());
  ASSERT_TRUE(pair.client.session_reused());
  ASSERT_TRUE(pair.client.peer_certificate());
  EXPECT_EQ(pair.client.peer_certificate()->common_name, "server");
}

TEST_P(Resumption, a_server_that_has_forgotten_the_session_gets_a_full_handshake) {
  const auto options = caching(new_cache());
  EXPECT_FALSE(meeting().resumes(options));
  EXPECT_FALSE(meeting().resumes(options)) << "another server, with other keys for its tickets";
  const Meeting third = meeting();
  EXPECT_FALSE(third.resumes(options));
  EXPECT_TRUE(third.resumes(options));
}

TEST_P(Resumption, a_session_serves_one_connection_at_a_time) {
  const Meeting peer = meeting();
  ::SSL_CTX_set_num_tickets(peer.server.native(), 1);
  const auto cache = new_cache();
  const auto options = caching(cache);
  EXPECT_FALSE(peer.resumes(options));
  EXPECT_EQ(cache->size(), 1U);
  const auto context = client_context(options);
  TlsPair first(context, peer.server, "localhost", true, peer.port);
  TlsPair second(context, peer.server, "localhost", true, peer.port);
  EXPECT_EQ(cache->size(), 0U);
  EXPECT_TRUE(first.shake_hands().is_ok());
  EXPECT_TRUE(second.shake_hands().is_ok());
  EXPECT_TRUE(first.server.session_reused());
  EXPECT_FALSE(second.server.session_reused());
}

/// A server that cannot resume, and fails instead of saying so, must not be lost for ever.
TEST_P(Resumption, a_session_whose_handshake_fails_is_not_offered_again) {
  const Meeting peer = meeting();
  ::SSL_CTX_set_num_tickets(peer.server.native(), 1);
  const auto cache = new_cache();
  const auto options = caching(cache);
  EXPECT_FALSE(peer.resumes(options));
  {
    TlsPair pair(client_context(options), peer.server, "localhost", true, peer.port);
    (void)pair.client.handshake();
    pair.wire.client->arrive("15030300020228"_hex);  // fatal: handshake_failure
    EXPECT_EQ(pair.client.handshake().status, net::IoStatus::error);
  }
  EXPECT_EQ(cache->size(), 0U);
  EXPECT_FALSE(peer.resumes(options));
}

// No check is weaker than that of a full handshake.

TEST_P(Resumption, a_session_of_a_client_that_verified_nothing_proves_nothing) {
  const Meeting peer = meeting({.name = "self", .self_signed = true});
  const auto cache = new_cache();
  tls::ClientOptions options{.verify = tls::Verify::none, .session_cache = cache};
  EXPECT_FALSE(peer.resumes(options));
  EXPECT_TRUE(peer.resumes(options));
  EXPECT_EQ(peer.failure(caching(cache)),
            std::error_code(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, tls::certificate_category()));
}

TEST_P(Resumption, a_session_without_a_check_of_the_name_is_none_with_it) {
  Meeting peer = meeting({.name = "other", .dns_names = {"other.example"}});
  const auto options = caching(new_cache());
  peer.check_hostname = false;
  EXPECT_FALSE(peer.resumes(options));
  EXPECT_TRUE(peer.resumes(options));
  peer.check_hostname = true;
  EXPECT_EQ(peer.failure(options),
            std::error_code(X509_V_ERR_HOSTNAME_MISMATCH, tls::certificate_category()));
}

TEST_P(Resumption, every_option_separates_the_sessions) {
  const Meeting peer = meeting();
  const auto cache = new_cache();
  const auto plain = caching(cache);
  std::vector<tls::ClientOptions> others(8, plain);
  others[0].ca_certs_pem = content_of(authority_file());
  others[1].partial_chain = true;
  others[2].pinned_keys = {pin_of(certificate().certificate)};
  others[3].certfile = certificate().certificate;
  others[3].keyfile = certificate().key;
  others[4].certificate_pem = content_of(certificate().certificate);
  others[4].key_pem = content_of(certificate().key);
  others[5].ciphers = "ECDHE+AESGCM";
  others[6].alpn = {"http/1.1"};
  others[7].ecdh_curve = "P-256";
  EXPECT_FALSE(peer.resumes(plain));
  for (const auto& options : others) {
    EXPECT_FALSE(peer.resumes(options));
    EXPECT_TRUE(peer.resumes(options));
  }
  EXPECT_TRUE(peer.resumes(plain)) << "and its own sessions are still there";
}

/// A verified certificate can expire before its session does. The clock of the context is set on.
TEST_P(Resumption, the_certificate_is_verified_again) {
  const Meeting peer = meeting();
  const auto cache = new_cache();
  const auto options = caching(cache);
  EXPECT_FALSE(peer.resumes(options));
  EXPECT_TRUE(peer.resumes(options));
  const auto context = client_context(options);
  ::X509_VERIFY_PARAM_set_time(::SSL_CTX_get0_param(context.native()),
                               ::time(nullptr) + 3 * 24 * 3600);
  EXPECT_EQ(peer.failure(options),
            std::error_code(X509_V_ERR_CERT_HAS_EXPIRED, tls::certificate_category()));
  EXPECT_EQ(cache->size(), 0U) << "sessions that fail are dropped";
}

TEST_P(Resumption, the_pinned_key_of_a_session_is_checked_again) {
  const Meeting peer = meeting();
  const auto cache = new_cache();
  auto options = caching(cache);
  EXPECT_FALSE(peer.resumes(options));
  options.pinned_keys = {pin_of(authority_file())};
  EXPECT_EQ(peer.failure(options), tls::TlsErrc::key_not_pinned);
  options.pinned_keys = {pin_of(certificate().certificate)};
  EXPECT_FALSE(peer.resumes(options));
  EXPECT_TRUE(peer.resumes(options));
}

TEST_P(Resumption, a_changed_file_of_authorities_counts_at_once) {
  const Meeting peer = meeting();
  const std::string path = scratch_file("authorities-" + std::to_string(GetParam()) + ".pem");
  const auto put = [&](const std::string& from) {
    std::ofstream(path + ".new") << content_of(from);
    std::rename((path + ".new").c_str(), path.c_str());
  };
  put(authority_file());
  const tls::ClientOptions options{.ca_certs = path, .session_cache = new_cache()};
  EXPECT_FALSE(peer.resumes(options));
  EXPECT_TRUE(peer.resumes(options));
  put(certificate({.name = "stranger", .self_signed = true}).certificate);
  EXPECT_EQ(peer.failure(options).category(), tls::certificate_category());
}

TEST_P(Resumption, does_not_touch_a_context_of_the_callers_own) {
  const std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> own(
      ::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free);
  const auto cache = new_cache();
  const Meeting peer = meeting();
  const tls::ClientOptions options{.session_cache = cache, .context = own.get()};
  EXPECT_FALSE(peer.resumes(options));
  EXPECT_FALSE(peer.resumes(options));
  EXPECT_EQ(cache->size(), 0U);
}

// The cache.

TEST_P(Resumption, a_server_has_room_for_a_few_sessions_only) {
  const Meeting peer = meeting();
  ::SSL_CTX_set_num_tickets(peer.server.native(), 12);
  const auto cache = new_cache();
  EXPECT_FALSE(peer.resumes(caching(cache)));
  EXPECT_EQ(cache->size(), is_new() ? limits::tls_sessions_per_server : 1U);
}

TEST_P(Resumption, the_oldest_sessions_make_room) {
  Meeting peer = meeting();
  const auto cache = new_cache(3);
  const auto options = caching(cache);
  for (peer.port = 1; peer.port <= 4; ++peer.port) EXPECT_FALSE(peer.resumes(options));
  EXPECT_EQ(cache->size(), 3U);
  peer.port = 4;
  EXPECT_TRUE(peer.resumes(options));
  peer.port = 1;
  EXPECT_FALSE(peer.resumes(options));
}

TEST_P(Resumption, a_cache_without_room_keeps_none) {
  const Meeting peer = meeting();
  const auto options = caching(new_cache(0));
  EXPECT_FALSE(peer.resumes(options));
  EXPECT_FALSE(peer.resumes(options));
}

TEST_P(Resumption, a_cleared_cache_has_none) {
  const Meeting peer = meeting();
  const auto cache = new_cache();
  EXPECT_FALSE(peer.resumes(caching(cache)));
  EXPECT_GT(cache->size(), 0U);
  cache->clear();
  EXPECT_EQ(cache->size(), 0U);
  EXPECT_FALSE(peer.resumes(caching(cache)));
}

TEST_P(Resumption, a_connection_may_outlive_everybody_else_who_has_the_cache) {
  const Meeting peer = meeting();
  std::unique_ptr<TlsPair> pair;
  {
    auto options = caching(new_cache());
    pair = std::make_unique<TlsPair>(client_context(options), peer.server);
  }
  ASSERT_TRUE(pair->shake_hands().is_ok());
  EXPECT_EQ(wire_text(transfer(pair->server, pair->client, wire_bytes("x"))), "x");
}

TEST_P(Resumption, a_cache_may_be_shared_by_threads) {
  const Meeting peer = meeting();
  const auto options = caching(new_cache());
  std::atomic<int> resumed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) resumed += peer.resumes(options) ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_GE(resumed, 10);
}

TEST(KeptContext, is_the_same_for_the_same_options) {
  const auto options = caching(new_cache());
  auto other = options;
  other.ciphers = "ECDHE+AESGCM";
  const auto first = client_context(options);
  EXPECT_EQ(client_context(options).native(), first.native());
  EXPECT_NE(client_context(other).native(), first.native());
  EXPECT_EQ(client_context(options).native(), first.native());
  auto apart = options;  // these belong to a connection, not to the context
  apart.check_hostname = false;
  apart.server_hostname = "other.example";
  EXPECT_EQ(client_context(apart).native(), first.native());
}

TEST(KeptContext, is_made_anew_when_the_environment_has_changed) {
  const tls::ClientOptions options{.session_cache = new_cache()};
  const auto first = client_context(options);
  const Variable set("WEBSOCKET_CLIENT_CA_BUNDLE", authority_file());
  EXPECT_NE(client_context(options).native(), first.native());
}

TEST(KeptContext, makes_room_for_others) {
  const auto cache = new_cache();
  const auto numbered = [&](std::size_t number) {
    auto options = caching(cache);
    options.alpn = {std::to_string(number)};
    return client_context(options);
  };
  const auto first = numbered(0);
  for (std::size_t i = 1; i < limits::tls_contexts; ++i) (void)numbered(i);
  EXPECT_EQ(numbered(0).native(), first.native()) << "now the one used last";
  for (std::size_t i = 1; i < limits::tls_contexts; ++i) (void)numbered(100 + i);
  EXPECT_EQ(numbered(0).native(), first.native());
  for (std::size_t i = 0; i < limits::tls_contexts; ++i) (void)numbered(200 + i);
  EXPECT_NE(numbered(0).native(), first.native());
}

TEST(KeptContext, options_that_are_refused_are_refused_each_time) {
  auto options = caching(new_cache());
  options.ciphers = "ROT13";
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(tls::Context::for_client(options).error(), tls::TlsErrc::bad_ciphers);
  }
}

}  // namespace
}  // namespace wirespan::test
