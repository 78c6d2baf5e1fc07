// WebSocketApp: TLS sessions and contexts that last from one connection to the next, seen from the
// server. RFC 8446 §2.2.
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "support/app_test.hpp"
#include "support/blocking.hpp"
#include "support/tls_link.hpp"
#include <wirespan/tls/context.hpp>
#include <wirespan/tls/error.hpp>
#include <wirespan/tls/session_cache.hpp>

namespace wirespan::test {
namespace {

/// A WebSocket server on OpenSSL alone, with one context for all connections. It cuts the first
/// connections behind the opening handshake, and ends the others with a Close frame.
class ResumingServer {
 public:
  ResumingServer(int version, int cuts)
      : context_(*tls::Context::for_server(good_server())), cuts_(cuts) {
    SSL_CTX_set_max_proto_version(context_.native(), version);
  }

  [[nodiscard]] std::string url() const {
    return "wss://127.0.0.1:" + std::to_string(server_.port()) + "/";
  }
  /// Whether OpenSSL says, of each connection, that its session was resumed.
  [[nodiscard]] std::vector<bool> resumed() const {
    server_.wait();
    const std::lock_guard lock(mutex_);
    return resumed_;
  }

 private:
  void serve(RawPeer& peer) {
    const std::unique_ptr<SSL, decltype(&::SSL_free)> ssl(::SSL_new(context_.native()), ::SSL_free);
    ::fcntl(peer.fd(), F_SETFL, 0);  // blocking
    ::SSL_set_fd(ssl.get(), peer.fd());
    if (::SSL_accept(ssl.get()) != 1) return;
    bool cut = false;
    {
      const std::lock_guard lock(mutex_);
      resumed_.push_back(::SSL_session_reused(ssl.get()) == 1);
      cut = cuts_-- > 0;
    }
    std::string request;
    char byte = 0;
    while (!request.ends_with("\r\n\r\n") && ::SSL_read(ssl.get(), &byte, 1) == 1) request += byte;
    if (request.empty()) return;
    std::string answer = RawPeer::acceptance(request);
    if (!cut) answer.append("\x88\x02\x03\xE8", 4);
    (void)::SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
    while (!cut && ::SSL_read(ssl.get(), &byte, 1) == 1) continue;
  }

  tls::Context context_;
  mutable std::mutex mutex_;  // each connection has a thread of its own
  std::vector<bool> resumed_;
  int cuts_;
  RawServer server_{[this](RawPeer& peer) { serve(peer); }};
};

class AppResumption : public ::testing::TestWithParam<int> {
 protected:
  static RunOptions reconnecting(tls::ClientOptions options = trusting_client()) {
    return {.sslopt = std::move(options), .reconnect = 5ms};
  }
};
INSTANTIATE_TEST_SUITE_P(Of, AppResumption, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& row) {
                           return row.param == TLS1_3_VERSION ? "tls1_3" : "tls1_2";
                         });

TEST_P(AppResumption, FIX_a_lost_connection_comes_back_with_a_short_handshake) {
  ResumingServer server(GetParam(), 3);
  WebSocketApp app(server.url());
  EXPECT_EQ(app.run_forever(reconnecting()).why, EndReason::closed_by_peer);
  EXPECT_EQ(server.resumed(), (std::vector<bool>{false, true, true, true}));
}

TEST_P(AppResumption, the_next_run_of_an_app_resumes_too) {
  ResumingServer server(GetParam(), 0);
  WebSocketApp app(server.url());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(app.run_forever(reconnecting()).why, EndReason::closed_by_peer);
  }
  EXPECT_EQ(server.resumed(), (std::vector<bool>{false, true}));
}

TEST_P(AppResumption, resume_false_means_full_handshakes) {
  ResumingServer server(GetParam(), 2);
  auto options = trusting_client();
  options.resume = false;
  WebSocketApp app(server.url());
  EXPECT_EQ(app.run_forever(reconnecting(options)).why, EndReason::closed_by_peer);
  EXPECT_EQ(server.resumed(), (std::vector<bool>{false, false, false}));
}

TEST_P(AppResumption, other_options_begin_anew) {
  ResumingServer server(GetParam(), 0);
  WebSocketApp app(server.url());
  auto options = trusting_client();
  for (const char* protocol : {"", "http/1.1", "http/1.1"}) {
    options.alpn.assign(*protocol == '\0' ? 0 : 1, protocol);
    EXPECT_EQ(app.run_forever(reconnecting(options)).why, EndReason::closed_by_peer);
  }
  EXPECT_EQ(server.resumed(), (std::vector<bool>{false, false, true}));
}

TEST_P(AppResumption, apps_and_blocking_clients_share_a_cache_that_they_are_given) {
  ResumingServer server(GetParam(), 0);
  auto options = trusting_client();
  options.session_cache = std::make_shared<tls::SessionCache>();
  const auto connect = [&](const tls::ClientOptions& sslopt) {
    WebSocket ws = create_connection(server.url(), {.timeout = 10s, .sslopt = sslopt});
    ws.close();
  };
  connect(options);
  connect(options);
  WebSocketApp app(server.url());
  EXPECT_EQ(app.run_forever(reconnecting(options)).why, EndReason::closed_by_peer);
  connect(trusting_client());  // has none
  EXPECT_EQ(server.resumed(), (std::vector<bool>{false, true, true, false}));
}

TEST_P(AppResumption, another_key_than_the_pinned_one_ends_the_attempt_before_the_request) {
  RawServer server(echo_script, tls_link());
  auto options = trusting_client();
  options.pinned_keys = {pin_of(authority_file())};
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers());
  const RunResult result = app.run_forever({.sslopt = options});
  EXPECT_EQ(result.error, tls::TlsErrc::key_not_pinned);
  EXPECT_TRUE(eventually([&] { return server.refused_by_tls() == 1; }));
  options.pinned_keys = {"sha256//x"};
  EXPECT_EQ(
      what_of([&] { return create_connection(server.url(), {.timeout = 10s, .sslopt = options}); }),
      "pinned_keys: \"sha256//x\" is not a SHA-256 hash in base64: invalid option");
}

}  // namespace
}  // namespace wirespan::test
