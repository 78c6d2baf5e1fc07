// tls/fingerprint.cpp: two sets of options that differ have different fingerprints, so that no
// session of one is resumed with the other.
#include <functional>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <wirespan/tls/fingerprint.hpp>
#include <wirespan/tls/session_cache.hpp>

namespace wirespan::test {
namespace {

using tls::ClientOptions;

TEST(Fingerprint, differs_for_each_option_and_each_place_of_a_text) {
  const std::function<void(ClientOptions&)> changes[] = {
      [](ClientOptions&) {},
      [](ClientOptions& options) { options.verify = tls::Verify::none; },
      [](ClientOptions& options) { options.ca_certs = "a"; },
      [](ClientOptions& options) { options.ca_cert_path = "a"; },
      [](ClientOptions& options) { options.ca_certs_pem = "a"; },
      [](ClientOptions& options) { options.partial_chain = true; },
      [](ClientOptions& options) { options.pinned_keys = {"a"}; },
      [](ClientOptions& options) {
        options.pinned_keys = {"a", "a"};
      },
      [](ClientOptions& options) { options.certfile = "a"; },
      [](ClientOptions& options) { options.keyfile = "a"; },
      [](ClientOptions& options) { options.password = "a"; },
      [](ClientOptions& options) { options.certificate_pem = "a"; },
      [](ClientOptions& options) { options.key_pem = "a"; },
      [](ClientOptions& options) { options.ciphers = "a"; },
      [](ClientOptions& options) { options.ecdh_curve = "a"; },
      [](ClientOptions& options) { options.min_version = tls::Version::tls1_3; },
      [](ClientOptions& options) { options.alpn = {"a"}; },
      [](ClientOptions& options) { options.resume = false; },
  };
  std::set<std::string> seen;
  for (const auto& change : changes) {
    ClientOptions options;
    change(options);
    const std::string print = tls::fingerprint(options);
    EXPECT_EQ(print.size(), 32U);
    EXPECT_EQ(tls::fingerprint(options), print);
    EXPECT_TRUE(seen.insert(print).second) << "change " << seen.size();
  }
}

TEST(Fingerprint, leaves_out_what_concerns_one_connection) {
  const std::string plain = tls::fingerprint({});
  EXPECT_EQ(tls::fingerprint({.check_hostname = false}), plain);
  EXPECT_EQ(tls::fingerprint({.server_hostname = "other.example"}), plain);
  EXPECT_EQ(tls::fingerprint({.session_cache = std::make_shared<tls::SessionCache>()}), plain);
}

}  // namespace
}  // namespace wirespan::test
