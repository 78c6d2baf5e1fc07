// tls/context.cpp, tls/key_log.cpp: environment variables for trusted certificates and the key log.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include "support/environment.hpp"
#include "support/tls_pair.hpp"

namespace wirespan::test {
namespace {

bool accepted_with(const tls::ClientOptions& options) {
  TlsPair pair(client_context(options));
  return pair.shake_hands().is_ok();
}

constexpr const char* bundle = "WEBSOCKET_CLIENT_CA_BUNDLE";

TEST(TlsBundle, without_it_the_test_authority_is_a_stranger) {
  ::unsetenv(bundle);
  EXPECT_FALSE(accepted_with({}));
}

TEST(TlsBundle, may_be_a_file) {
  const Variable set(bundle, authority_file());
  EXPECT_TRUE(accepted_with({}));
}

TEST(TlsBundle, may_be_a_folder) {
  const Variable set(bundle, authority_folder());
  EXPECT_TRUE(accepted_with({}));
}

TEST(TlsBundle, that_does_not_exist_is_as_if_it_were_not_set) {
  for (const char* path : {"/nonexistent/bundle.pem", ""}) {
    const Variable set(bundle, path);
    EXPECT_TRUE(tls::Context::for_client({}));
    EXPECT_FALSE(accepted_with({}));
  }
}

TEST(TlsBundle, that_is_garbage_is_an_error) {
  const std::string path = scratch_file("no-bundle.pem");
  std::ofstream(path) << "nothing of use\n";
  const Variable set(bundle, path);
  EXPECT_EQ(tls::Context::for_client({}).error(), tls::TlsErrc::no_certificate_file);
}

TEST(TlsBundle, gives_way_to_what_the_caller_says) {
  const std::string path = scratch_file("overruled.pem");
  std::ofstream(path) << "nothing of use\n";
  const Variable set(bundle, path);
  EXPECT_TRUE(accepted_with(trusting()));
  EXPECT_TRUE(accepted_with({.ca_cert_path = authority_folder()}));
}

TEST(TlsBundle, does_not_matter_where_nothing_is_verified) {
  const Variable set(bundle, "/nonexistent");
  EXPECT_TRUE(accepted_with({.verify = tls::Verify::none, .check_hostname = false}));
}

constexpr const char* key_log = "SSLKEYLOGFILE";

/// Returns the first word of each line of a file.
std::multiset<std::string> labels(const std::string& path) {
  std::multiset<std::string> words;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) words.insert(line.substr(0, line.find(' ')));
  return words;
}

TEST(TlsKeyLog, has_the_secrets_of_a_connection) {
  const std::string path = scratch_file("keys-13.log");
  const Variable set(key_log, path);
  ASSERT_TRUE(accepted_with(trusting()));
  const auto words = labels(path);
  for (const char* label : {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                            "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"}) {
    EXPECT_EQ(words.count(label), 2U) << label << ", of the client and of the server";
  }
}

TEST(TlsKeyLog, has_the_secrets_of_an_older_connection) {
  const std::string path = scratch_file("keys-12.log");
  const Variable set(key_log, path);
  const auto server = server_context();
  SSL_CTX_set_max_proto_version(server.native(), TLS1_2_VERSION);
  TlsPair pair(client_context(), server);
  ASSERT_TRUE(pair.shake_hands().is_ok());
  EXPECT_EQ(labels(path).count("CLIENT_RANDOM"), 2U);
}

TEST(TlsKeyLog, is_appended_to_and_readable_for_its_owner_alone) {
  const std::string path = scratch_file("keys-kept.log");
  const Variable set(key_log, path);
  ASSERT_TRUE(accepted_with(trusting()));
  const auto size = std::filesystem::file_size(path);
  ASSERT_TRUE(accepted_with(trusting()));
  EXPECT_EQ(std::filesystem::file_size(path), 2 * size);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST(TlsKeyLog, is_not_written_unasked) {
  const std::string path = scratch_file("keys-unasked.log");
  {
    const Variable set(key_log, "");
    EXPECT_TRUE(accepted_with(trusting()));
  }
  EXPECT_TRUE(accepted_with(trusting()));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TlsKeyLog, that_cannot_be_written_harms_nobody) {
  const Variable set(key_log, "/nonexistent/keys.log");
  EXPECT_TRUE(accepted_with(trusting()));
}

TEST(TlsKeyLog, does_not_touch_a_context_of_the_callers_own) {
  const std::string path = scratch_file("keys-own.log");
  const Variable set(key_log, path);
  SSL_CTX* const own = ::SSL_CTX_new(::TLS_client_method());
  { const auto context = client_context({.context = own}); }
  EXPECT_EQ(::SSL_CTX_get_keylog_callback(own), nullptr);
  ::SSL_CTX_free(own);
}

}  // namespace
}  // namespace wirespan::test
