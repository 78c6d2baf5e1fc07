// Parity with websocket-client: variables of the environment. KEEP: as in Python; FIX: another way
// on purpose.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "support/blocking.hpp"
#include "support/environment.hpp"
#include "support/tls_link.hpp"
#include <wirespan/tls/error.hpp>

namespace wirespan::test {
namespace {

constexpr const char* bundle = "WEBSOCKET_CLIENT_CA_BUNDLE";
constexpr const char* key_log = "SSLKEYLOGFILE";

Thrown outcome(const tls::ClientOptions& options = {}) {
  RawServer server(echo_script, tls_link());
  return thrown_by(
      [&] { create_connection(server.url(), {.timeout = 10s, .sslopt = options}).close(); });
}

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(ParityEnvironment, KEEP_the_bundle_is_a_file_or_a_folder_to_trust) {
  EXPECT_EQ(outcome().type, "WebSocketTlsException") << "a stranger to the system";
  for (const std::string& path : {authority_file(), authority_folder()}) {
    const Variable set(bundle, path);
    EXPECT_EQ(outcome(), nothing_thrown()) << path;
  }
}

TEST(ParityEnvironment, KEEP_the_bundle_counts_only_where_the_user_names_none) {
  const std::string self = certificate({.name = "self", .self_signed = true}).certificate;
  {
    const Variable set(bundle, authority_file());
    EXPECT_EQ(outcome({.ca_certs = self}).type, "WebSocketTlsException");
  }
  const Variable set(bundle, self);
  EXPECT_EQ(outcome({.ca_cert_path = authority_folder()}), nothing_thrown());
}

TEST(ParityEnvironment, KEEP_a_bundle_that_does_not_exist_is_ignored) {
  const Variable set(bundle, "/nonexistent/bundle.pem");
  EXPECT_EQ(outcome(trusting_client()), nothing_thrown());
  EXPECT_EQ(outcome().code.category(), tls::certificate_category()) << "not an error of the file";
}

TEST(ParityEnvironment, KEEP_the_key_log_gets_the_secrets_of_a_connection) {
  const std::string path = scratch_file("parity-keys.log");
  const Variable set(key_log, path);
  EXPECT_EQ(outcome(trusting_client()), nothing_thrown());
  EXPECT_NE(contents(path).find("CLIENT_TRAFFIC_SECRET_0 "), std::string::npos);
}

TEST(ParityEnvironment, KEEP_the_key_log_does_not_concern_a_context_of_the_users_own) {
  const std::string path = scratch_file("parity-no-keys.log");
  SSL_CTX* const own = ::SSL_CTX_new(::TLS_client_method());
  // Without TLS, because a scripted TLS server would write secrets of its own.
  RawServer plain([](RawPeer& peer) { (void)peer.read_to_end(); });
  {
    const Variable set(key_log, path);
    EXPECT_NE(refusal_of([&] {
                return create_connection("wss://" + plain.authority() + "/",
                                         {.timeout = 300ms, .sslopt = {.context = own}});
              }),
              nothing_thrown());
  }
  EXPECT_EQ(::SSL_CTX_get_keylog_callback(own), nullptr);
  EXPECT_FALSE(std::filesystem::exists(path));
  ::SSL_CTX_free(own);
}

}  // namespace
}  // namespace wirespan::test
