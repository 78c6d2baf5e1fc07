// Redirects to another origin: certificates, keys and other secrets that stay behind, and the proxy
// of each hop. RFC 9110 §15.4.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "support/app_test.hpp"
#include "support/blocking.hpp"
#include "support/environment.hpp"
#include "support/raw_proxy.hpp"
#include "support/tls_link.hpp"
#include <wirespan/app/cookie_jar.hpp>
#include <wirespan/tls/context.hpp>

namespace wirespan::test {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string sends_to(const std::string& location) {
  return "HTTP/1.1 307 Elsewhere\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n";
}

void visit(const std::string& url, ConnectOptions options) {
  create_connection(url, std::move(options)).close();
}

/// Redirects to `location`, and keeps each request.
RawServer::Script redirecting(ProxyLog& log, const std::string& location) {
  return [&log, location](RawPeer& peer) {
    log.note(peer.read_head());
    (void)peer.write(sends_to(location));
  };
}

/// Accepts, keeps the request, and ends with a Close frame.
RawServer::Script accepting(ProxyLog& log) {
  return [&log](RawPeer& peer) {
    log.note(peer.accept());
    (void)peer.send_close(1000);
    (void)peer.read_until_close();
  };
}

// Certificates of the client.

/// A TLS server that asks for a certificate and takes none, too. It notes the name of the
/// certificate and the name of SNI, then redirects, or accepts if there is no location.
class CuriousServer {
 public:
  explicit CuriousServer(std::string location = {}) : location_(std::move(location)) {
    SSL_CTX_set_verify(context_.native(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  }

  [[nodiscard]] std::string url() const { return "wss://" + server_.authority() + "/"; }
  [[nodiscard]] std::vector<std::string> seen() const {
    server_.wait();
    return log_.requests();
  }

 private:
  void serve(RawPeer& peer) {
    const std::unique_ptr<SSL, decltype(&::SSL_free)> ssl(::SSL_new(context_.native()), ::SSL_free);
    ::fcntl(peer.fd(), F_SETFL, 0);  // blocking
    ::SSL_set_fd(ssl.get(), peer.fd());
    if (::SSL_accept(ssl.get()) != 1) return log_.note("no handshake");
    const bool has_certificate = ::SSL_get0_peer_certificate(ssl.get()) != nullptr;
    const char* name = ::SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
    log_.note(std::string(has_certificate ? "certificate" : "none") + " " +
              (name != nullptr ? name : "-"));
    std::string request;
    char byte = 0;
    while (!request.ends_with("\r\n\r\n") && ::SSL_read(ssl.get(), &byte, 1) == 1) request += byte;
    const std::string answer = location_.empty()
                                   ? RawPeer::acceptance(request) + std::string("\x88\0", 2)
                                   : sends_to(location_);
    (void)::SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
    while (::SSL_read(ssl.get(), &byte, 1) == 1) continue;
  }

  std::string location_;
  tls::Context context_ = *tls::Context::for_server(good_server());
  ProxyLog log_;
  RawServer server_{[this](RawPeer& peer) { serve(peer); }};
};

CertificateFiles certificate_of_client() {
  return certificate({.name = "client", .for_client = true});
}

/// Follows a redirect from one origin to another one, and back within the first one before that.
void expect_certificate_stays(const tls::ClientOptions& options) {
  const CuriousServer other;
  const CuriousServer first(other.url());
  create_connection(first.url(), {.timeout = 10s, .sslopt = options}).close();
  EXPECT_THAT(first.seen(), ElementsAre("certificate localhost"));
  EXPECT_THAT(other.seen(), ElementsAre("none -"));
}

TEST(RedirectSecrets, the_certificate_of_the_client_and_the_name_for_tls_stay) {
  const CertificateFiles files = certificate_of_client();
  tls::ClientOptions options = trusting_client();
  options.server_hostname = "localhost";
  options.certfile = files.certificate;
  options.keyfile = files.key;
  expect_certificate_stays(options);
  options.certfile = options.keyfile = {};
  options.certificate_pem = content_of(files.certificate);
  options.key_pem = content_of(files.key);
  expect_certificate_stays(options);
}

TEST(RedirectSecrets, a_context_of_the_caller_stays_with_its_certificate) {
  const CertificateFiles files = certificate_of_client();
  const std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> context(
      ::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free);
  ASSERT_EQ(::SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()), 1);
  ASSERT_EQ(::SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM), 1);
  ASSERT_EQ(::SSL_CTX_load_verify_locations(context.get(), authority_file().c_str(), nullptr), 1);
  ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  expect_certificate_stays(
      {.ca_certs = authority_file(), .server_hostname = "localhost", .context = context.get()});
  // The other origin is verified without the context, whatever `verify` says beside one.
  const CuriousServer other;
  const CuriousServer first(other.url());
  const Thrown thrown = refusal_of([&] {
    return create_connection(
        first.url(),
        {.timeout = 10s, .sslopt = {.verify = tls::Verify::none, .context = context.get()}});
  });
  EXPECT_EQ(thrown.type, "WebSocketTlsException");
  EXPECT_THAT(other.seen(), ElementsAre("no handshake"));
}

// Fields of the request.

class RedirectFields : public OverLinks {
 protected:
  [[nodiscard]] ConnectOptions secret(ConnectOptions options = {}) const {
    options.header = {{"Authorization", "Bearer s3cret"},
                      {"X-Api-Key", "s3cret"},
                      {"Sec-WebSocket-Key", "czNjcmV0czNjcmV0czNjcg=="}};
    options.cookie = "a=s3cret";
    options.host = "s3cret";
    return options_for(GetParam(), std::move(options));
  }
  static void expect_no_secret(const ProxyLog& log) {
    EXPECT_THAT(log.requests(), Each(Not(HasSubstr("s3cret"))));
    EXPECT_THAT(log.requests(), Each(Not(HasSubstr("czNj"))));
    EXPECT_THAT(log.requests(), Each(Not(HasSubstr("Authorization"))));
    EXPECT_FALSE(log.requests().empty());
  }

  ProxyLog first_log;
  ProxyLog other_log;
};
INSTANTIATE_TEST_SUITE_P(Over, RedirectFields, ::testing::ValuesIn(links()), link_name);

TEST_P(RedirectFields, a_key_of_the_user_stays_too) {
  const RawServer other(accepting(other_log), GetParam());
  const RawServer first(redirecting(first_log, other.url()), GetParam());
  visit(first.url(), secret());
  EXPECT_THAT(first_log.requests().front(), HasSubstr("Sec-WebSocket-Key: czNjcmV0"));
  expect_no_secret(other_log);
}

TEST_P(RedirectFields, another_name_of_the_same_port_is_another_origin) {
  std::string elsewhere;
  const RawServer server({[&](RawPeer& peer) {
                            first_log.note(peer.read_head());
                            (void)peer.write(sends_to(elsewhere));
                          },
                          accepting(other_log)},
                         GetParam());
  elsewhere = GetParam().scheme() + "://localhost:" + std::to_string(server.port()) + "/";
  visit(server.url(), secret());
  expect_no_secret(other_log);
}

TEST_P(RedirectFields, user_information_of_a_location_is_not_sent) {
  const RawServer other(accepting(other_log), GetParam());
  std::string url = other.url();
  url.insert(url.find("://") + 3, "theirs:s3cret@");
  const RawServer first(redirecting(first_log, url), GetParam());
  visit(first.url(), secret());
  expect_no_secret(other_log);
}

TEST_P(RedirectFields, secrets_do_not_come_back_with_a_redirect_back) {
  std::string back;
  const RawServer other(
      [&](RawPeer& peer) {
        other_log.note(peer.read_head());
        (void)peer.write(sends_to(back));
      },
      GetParam());
  ProxyLog back_log;
  const RawServer first({redirecting(first_log, other.url()), accepting(back_log)}, GetParam());
  back = first.url("/back");
  visit(first.url(), secret());
  expect_no_secret(other_log);
  expect_no_secret(back_log);
}

TEST_P(RedirectFields, wss_to_ws_on_the_way_is_another_origin) {
  if (!GetParam().is_secure()) return;
  const RawServer plain(accepting(other_log));
  const RawServer secure(redirecting(first_log, plain.url()), GetParam());
  const auto jar = std::make_shared<CookieJar>();
  jar->store(*parse_url(secure.url()), {{"Set-Cookie", "s=s3cret; Secure"}});
  visit(secure.url(), secret({.cookie_jar = jar, .allow_insecure_redirect = true}));
  EXPECT_THAT(first_log.requests().front(), HasSubstr("Cookie: s=s3cret; a=s3cret\r\n"));
  expect_no_secret(other_log);
}

TEST_P(RedirectFields, each_attempt_of_an_app_begins_at_its_own_url_with_its_secrets) {
  const RawServer other(
      {[this](RawPeer& peer) { other_log.note(peer.accept()); }, accepting(other_log)}, GetParam());
  const RawServer first(redirecting(first_log, other.url()), GetParam());
  Recorder recorder;
  WebSocketApp app(first.url(), recorder.handlers(),
                   {.header = {{"Authorization", "Bearer s3cret"}}, .cookie = "a=s3cret"});
  const RunResult result = app.run_forever({.sslopt = GetParam().for_client(), .reconnect = 1ms});
  EXPECT_EQ(result.why, EndReason::closed_by_peer);
  EXPECT_EQ(first_log.requests().size(), 2U);
  EXPECT_THAT(first_log.requests(), Each(HasSubstr("Bearer s3cret")));
  EXPECT_EQ(other_log.requests().size(), 2U);
  expect_no_secret(other_log);
}

// Hops.

TEST_P(RedirectFields, each_hop_chooses_its_proxy) {
  ProxyLog proxy_log;
  const RawServer proxy(http_proxy(proxy_log));
  const RawServer direct(accepting(other_log), GetParam());
  const RawServer first(redirecting(first_log, direct.url()), GetParam());
  const ConnectOptions options{.proxy = "http://p:s3cret@" + proxy.authority(),
                               .http_no_proxy = {direct.authority()}};
  visit(first.url(), secret(options));
  EXPECT_THAT(proxy_log.requests(), ElementsAre(HasSubstr("CONNECT " + first.authority() + " ")));
  expect_no_secret(other_log);
}

TEST_P(RedirectFields, a_proxy_of_the_environment_is_chosen_by_the_scheme_of_each_hop) {
  if (!GetParam().is_secure()) return;
  ProxyLog proxy_log;
  const RawServer proxy(http_proxy(proxy_log));
  const Variable variable("https_proxy", proxy.authority());
  const RawServer secure(accepting(other_log), GetParam());
  const RawServer plain(redirecting(first_log, secure.url()));
  visit(plain.url(), options_for(GetParam()));
  EXPECT_THAT(proxy_log.requests(), ElementsAre(HasSubstr("CONNECT " + secure.authority() + " ")));
}

TEST_P(RedirectFields, as_many_as_the_limit_are_followed_and_all_are_within_the_deadline) {
  int left = 3;
  const RawServer server(
      [&](RawPeer& peer) {
        if (left-- == 0) return accepting(other_log)(peer);
        return redirecting(first_log, "/" + std::to_string(left))(peer);
      },
      GetParam());
  visit(server.url(), options_for(GetParam()));
  EXPECT_EQ(first_log.requests().size(), 3U);
  int hops = 0;
  const RawServer endless(
      [&](RawPeer& peer) {
        std::this_thread::sleep_for(50ms);
        redirecting(first_log, "/" + std::to_string(++hops))(peer);
      },
      GetParam());
  const Stopwatch watch;
  EXPECT_EQ(refusal_of([&] {
              return create_connection(
                  endless.url(),
                  options_for(GetParam(), {.connect_timeout = 400ms, .redirect_limit = 10'000}));
            }),
            timeout_exception(Errc::connect_timeout));
  EXPECT_LT(watch.elapsed(), 5s);
}

TEST_P(RedirectFields, KEEP_other_statuses_and_locations_lead_nowhere) {
  for (const char* status : {"300", "304", "305", "306"}) {
    const RawServer server(answering("HTTP/1.1 " + std::string(status) +
                                     " x\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"),
                           GetParam());
    EXPECT_EQ(refusal_of([&] { return connect(server); }).type, "WebSocketBadStatusException");
    EXPECT_EQ(server.accepted(), 1);
  }
  for (const std::string location : {"ftp://h/s3cret", "ws+unix:///run/s:/", "//",
                                     "javascript:s3cret", "ws://h:99999/?s3cret"}) {
    const RawServer server(answering(sends_to(location)), GetParam());
    const auto call = [&] { return connect(server); };
    EXPECT_EQ(refusal_of(call), plain_exception(Errc::bad_redirect)) << location;
    EXPECT_THAT(what_of(call), Not(HasSubstr("s3cret"))) << location;
  }
}

}  // namespace
}  // namespace wirespan::test
