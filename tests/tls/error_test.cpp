// tls/error.cpp: OpenSSL's errors as std::error_code.
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <wirespan/core/error.hpp>
#include <wirespan/tls/error.hpp>

namespace wirespan::test {
namespace {

using tls::TlsErrc;

TEST(TlsError, every_code_has_words_of_its_own) {
  std::set<std::string> words;
  for (const TlsErrc code : {TlsErrc::truncated, TlsErrc::no_certificate_file, TlsErrc::bad_ciphers,
                             TlsErrc::idle_records, TlsErrc::key_not_pinned, TlsErrc::not_tls}) {
    const std::error_code error = code;
    EXPECT_EQ(error.category(), tls::tls_category());
    EXPECT_TRUE(words.insert(error.message()).second) << error.message();
  }
  EXPECT_EQ(tls::tls_category().message(4711), "unknown TLS error");
  EXPECT_STREQ(tls::tls_category().name(), "wirespan.tls");
}

TEST(TlsError, openssl_speaks_for_itself) {
  ::OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr);  // the first context does the same
  const auto code = ERR_PACK(ERR_LIB_SSL, 0, SSL_R_WRONG_VERSION_NUMBER);
  const std::error_code error(static_cast<int>(code), tls::openssl_category());
  EXPECT_EQ(error.message(), "wrong version number");
  const std::error_code unknown(1, tls::openssl_category());
  EXPECT_FALSE(unknown.message().empty());
  EXPECT_STREQ(tls::openssl_category().name(), "openssl");
}

TEST(TlsError, certificates_have_reasons) {
  const std::error_code error(X509_V_ERR_CERT_HAS_EXPIRED, tls::certificate_category());
  EXPECT_EQ(error.message(), "certificate has expired");
  const std::error_code unknown(987'654, tls::certificate_category());
  EXPECT_FALSE(unknown.message().empty());
  EXPECT_STREQ(tls::certificate_category().name(), "certificate");
}

TEST(TlsError, is_told_apart_from_errors_of_sockets_and_of_the_protocol) {
  EXPECT_TRUE(tls::is_tls_error(TlsErrc::truncated));
  EXPECT_TRUE(tls::is_tls_error({1, tls::openssl_category()}));
  EXPECT_TRUE(tls::is_tls_error({1, tls::certificate_category()}));
  EXPECT_FALSE(tls::is_tls_error({}));
  EXPECT_FALSE(tls::is_tls_error(Errc::connection_lost));
  EXPECT_FALSE(tls::is_tls_error(make_error_code(std::errc::connection_reset)));
}

/// A TLS error is not a breach of RFC 6455 by the peer: a Close frame could not arrive.
TEST(TlsError, is_no_violation_of_the_protocol) {
  const std::error_code error = TlsErrc::truncated;
  EXPECT_NE(error, Condition::protocol_violation);
  EXPECT_EQ(close_code_for(error), CloseCode::internal_error);
}

}  // namespace
}  // namespace wirespan::test
