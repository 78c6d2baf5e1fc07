// Both clients against other servers over TLS: names and certificates. RFC 6455 §4.1, §10.6.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peers/app_fixture.hpp"
#include "peers/blocking_fixture.hpp"
#include "support/certificates.hpp"

namespace wirespan::test {
namespace {

class BlockingTls : public BlockingClient {};
INSTANTIATE_TEST_SUITE_P(To, BlockingTls, ::testing::ValuesIn(secure_peers()), peer_name);

TEST_P(BlockingTls, R12_the_name_of_the_server_is_told_but_not_an_address) {
  auto by_name = create_connection(url("/headers", "localhost"), options());
  EXPECT_THAT(by_name.recv().data, ::testing::EndsWith("\n(server name): localhost"));
  by_name.close();
  auto by_address = create_connection(url("/headers"), options());
  EXPECT_THAT(by_address.recv().data, ::testing::EndsWith("\n(server name): "));
  by_address.close();
}

TEST_P(BlockingTls, R11_a_certificate_of_an_authority_that_we_do_not_trust_is_refused) {
  ConnectOptions wary = options();
  wary.sslopt.ca_certs = certificate({.name = "stranger", .self_signed = true}).certificate;
  EXPECT_THROW((void)create_connection(url("/echo"), wary), WebSocketTlsException);
  wary.sslopt.ca_certs = "";  // the system's authorities, which do not include it either
  EXPECT_THROW((void)create_connection(url("/echo"), wary), WebSocketTlsException);
  connect("/echo").close();
}

TEST_P(BlockingTls, R11_a_certificate_for_another_name_is_refused) {
  ConnectOptions elsewhere = options();
  elsewhere.sslopt.server_hostname = "other.example";
  EXPECT_THROW((void)create_connection(url("/echo"), elsewhere), WebSocketTlsException);
  connect("/echo").close();
}

TEST_P(BlockingTls, R128_a_plain_client_is_told_that_it_does_not_work) {
  const std::string plain = "ws://" + server().authority() + "/echo";
  EXPECT_THROW((void)create_connection(plain, options()), WebSocketException);
  connect("/echo").close();
}

class AppTls : public CallbackClient {};
INSTANTIATE_TEST_SUITE_P(To, AppTls, ::testing::ValuesIn(secure_peers()), peer_name);

TEST_P(AppTls, R11_R128_a_certificate_of_an_authority_that_we_do_not_trust_is_an_error) {
  const auto stranger = certificate({.name = "stranger", .self_signed = true});
  const RunResult result = run("/echo", {}, {}, {.sslopt = {.ca_certs = stranger.certificate}});
  EXPECT_EQ(result.why, EndReason::failed);
  EXPECT_EQ(errors_.size(), 1U);
  EXPECT_EQ(closes_, std::vector<std::string>{"no connection"});
}

}  // namespace
}  // namespace wirespan::test
