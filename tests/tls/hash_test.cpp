// tls/hash.cpp: MD5 and SHA-256, and with them the examples of Digest in the RFCs.
#include <string>

#include <gtest/gtest.h>

#include <wirespan/tls/hash.hpp>

namespace wirespan::test {
namespace {

TEST(HexHash, RFC1321_and_RFC6234_examples) {
  EXPECT_EQ(tls::hex_hash(HashAlgorithm::md5, ""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(tls::hex_hash(HashAlgorithm::md5, "abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(tls::hex_hash(HashAlgorithm::sha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

struct DigestExample {
  const char* challenge;
  Credentials credentials;
  const char* cnonce;
  const char* response;
};

TEST(HexHash, Digest_as_in_RFC7616_3_9_1_and_RFC2617_3_5_and_RFC2069_2_4) {
  const char* const cnonce7616 = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
  const DigestExample examples[] = {
      {"Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, "
       "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
       "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
       {"Mufasa", "Circle of Life"},
       cnonce7616,
       "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
      {"Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, "
       "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
       "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
       {"Mufasa", "Circle of Life"},
       cnonce7616,
       "8ca523f5e9506fed4657c9700eebdbec"},
      {"Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
       "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
       "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
       {"Mufasa", "Circle Of Life"},
       "0a4f113b",
       "6629fae49393a05397450978507c4ef1"},
      {"Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
       "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
       {"Mufasa", "CircleOfLife"},
       "0a4f113b",
       "1949323746fe6a43ef61f9606e7febea"},  // as errata 749 corrects it
  };
  for (const DigestExample& example : examples) {
    const AuthRequest request{.method = "GET", .uri = "/dir/index.html", .cnonce = example.cnonce};
    const auto answer = answer_challenges(parse_challenges({example.challenge}),
                                          example.credentials, request, tls::hex_hash);
    ASSERT_TRUE(answer) << example.challenge;
    const std::string response = "response=\"" + std::string(example.response) + "\"";
    EXPECT_NE(answer->find(response), std::string::npos) << *answer;
  }
}

}  // namespace
}  // namespace wirespan::test
