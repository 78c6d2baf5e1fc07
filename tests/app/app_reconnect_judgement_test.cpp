// WebSocketApp: the ends after which a run comes back, every row of the table in app/README.md: as
// a function of the end, and with real sockets. RFC 6455 §7.2.3, §7.4.
#include <cerrno>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/case_name.hpp"
#include "support/left_behind.hpp"
#include <wirespan/tls/error.hpp>

namespace wirespan::test {
namespace {

constexpr bool comes_back = true;
constexpr bool ends = false;

bool judged(const std::error_code error) { return reconnects_by_default({.error = error}); }
bool judged(unsigned code) {
  return reconnects_by_default({.close_code = CloseCode{static_cast<std::uint16_t>(code)}});
}

TEST(ReconnectJudgement, R35_every_close_code) {
  const std::set<unsigned> good{1001, 1005, 1006, 1011, 1012, 1013, 1014};
  for (unsigned code = 0; code <= 0xFFFF; ++code)
    EXPECT_EQ(judged(code), good.contains(code)) << code;
}

TEST(ReconnectJudgement, every_status_of_http) {
  const std::set<int> good{408, 425, 429};
  for (int status = 0; status < 1000; ++status) {
    const bool expected = good.contains(status) || (status >= 500 && status < 600);
    EXPECT_EQ(
        reconnects_by_default({.error = Errc::not_switching_protocols, .http_status = status}),
        expected)
        << status;
  }
}

TEST(ReconnectJudgement, every_error_of_the_library) {
  const std::set<Errc> good{Errc::connection_lost, Errc::connect_timeout, Errc::handshake_timeout,
                            Errc::ping_timeout,    Errc::close_timeout,   Errc::receive_timeout,
                            Errc::send_timeout,    Errc::idle_timeout,    Errc::host_not_found,
                            Errc::proxy_refused,   Errc::handler_failed,  Errc::no_mask_key,
                            Errc::overflow_closed};
  int known = 0;
  for (int value = 1; value <= static_cast<int>(Errc::invalid_option); ++value) {
    const auto error = static_cast<Errc>(value);
    EXPECT_EQ(judged(error), good.contains(error)) << make_error_code(error).message();
    known += judged(error) ? 1 : 0;
  }
  EXPECT_EQ(known, static_cast<int>(good.size()));
}

TEST(ReconnectJudgement, errors_of_the_system) {
  for (const int error : {ECONNREFUSED, ECONNRESET, ECONNABORTED, EPIPE, ENOTCONN, ENETUNREACH,
                          ENETDOWN, ENETRESET, EHOSTUNREACH, EHOSTDOWN, ETIMEDOUT, EADDRNOTAVAIL,
                          EAGAIN, EMFILE, ENFILE, ENOMEM, ENOBUFS}) {
    EXPECT_TRUE(judged({error, std::system_category()})) << error;
  }
  EXPECT_TRUE(judged(make_error_code(std::errc::resource_unavailable_try_again)));
  for (const int error : {EINVAL, EACCES, EPERM, ENOENT, EBADF, ENOTSOCK, ENOPROTOOPT, EIO}) {
    EXPECT_FALSE(judged({error, std::system_category()})) << error;
  }
}

TEST(ReconnectJudgement, errors_of_tls) {
  EXPECT_TRUE(judged(tls::TlsErrc::truncated)) << "a lost connection";
  EXPECT_FALSE(judged(tls::TlsErrc::no_certificate_file));
  EXPECT_FALSE(judged(tls::TlsErrc::bad_ciphers));
  EXPECT_FALSE(judged(tls::TlsErrc::idle_records));
  EXPECT_FALSE(judged({10, tls::certificate_category()})) << "expired";
  EXPECT_FALSE(judged({1, tls::openssl_category()}));
}

TEST(ReconnectJudgement, a_proxy_that_refused_is_judged_by_its_status) {
  const auto refused = [](int status) {
    return reconnects_by_default({.error = Errc::proxy_refused, .http_status = status});
  };
  EXPECT_TRUE(refused(0)) << "SOCKS has none";
  EXPECT_TRUE(refused(502));
  EXPECT_FALSE(refused(403));
}

TEST(ReconnectJudgement, a_close_of_the_peer_counts_more_than_an_error_after_it) {
  const auto after = [](CloseCode code, Errc error) {
    return reconnects_by_default({.error = error, .close_code = code});
  };
  EXPECT_FALSE(after(CloseCode::normal, Errc::no_mask_key));
  EXPECT_TRUE(after(CloseCode::going_away, Errc::reserved_bits));
  EXPECT_FALSE(after(CloseCode::abnormal_closure, Errc::reserved_bits)) << "no Close came";
  EXPECT_TRUE(after(CloseCode::abnormal_closure, Errc::connection_lost));
  EXPECT_FALSE(reconnects_by_default({})) << "an end of which nothing is known";
}

// The same with real sockets.

struct JudgedEnd {
  std::string name;
  bool verdict;
  RawServer::Script script;
  std::string error = "";  // the call of on_error; empty: none
  Milliseconds patience = 10s;
};
void PrintTo(const JudgedEnd& row, std::ostream* out) { *out << row.name; }

JudgedEnd by_close(unsigned code, bool verdict) {
  return {"close_" + std::to_string(code), verdict, [code](RawPeer& peer) {
            (void)peer.accept();
            code == 1005 ? (void)peer.send_empty_close() : (void)peer.send_close(code, "bye");
            (void)peer.read_until_close();
          }};
}

JudgedEnd by_status(int status, bool verdict) {
  return {"http_" + std::to_string(status), verdict,
          answering("HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: 0\r\n\r\n"),
          called::error("WebSocketBadStatusException", Errc::not_switching_protocols)};
}

JudgedEnd by_bytes(const char* name, std::string_view hex, const std::string& type, Errc error) {
  return {name, ends,
          [wire = std::string(wire_text(from_hex(hex)))](RawPeer& peer) {
            (void)peer.accept();
            (void)peer.write(wire);
            (void)peer.read_to_end();
          },
          called::error(type, error)};
}

std::vector<JudgedEnd> judged_ends() {
  std::vector<JudgedEnd> rows;
  for (const unsigned code : {1001U, 1005U, 1011U, 1012U, 1013U, 1014U}) {
    rows.push_back(by_close(code, comes_back));
  }
  for (const unsigned code :
       {1000U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 3000U, 3999U, 4000U, 4001U, 4999U}) {
    rows.push_back(by_close(code, ends));
  }
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 599}) {
    rows.push_back(by_status(status, comes_back));
  }
  for (const int status : {200, 204, 300, 304, 400, 401, 403, 404, 410, 418, 426}) {
    rows.push_back(by_status(status, ends));
  }
  const std::string protocol = "WebSocketProtocolException";
  rows.push_back(by_bytes("reserved_bits", "c1 00", protocol, Errc::reserved_bits));
  rows.push_back(by_bytes("not_utf8", "81 01 ff", "WebSocketPayloadException", Errc::invalid_utf8));
  rows.push_back(by_bytes("too_big", "82 7f 0000000100000000", protocol, Errc::message_too_big));
  rows.push_back(by_bytes("bad_close_code", "88 02 03ed", protocol, Errc::invalid_close_code));
  const std::string wrong = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  rows.push_back({"a_wrong_answer", ends, answering(wrong),
                  called::error("WebSocketException", Errc::bad_accept)});
  rows.push_back({"an_answer_that_is_not_http", ends, answering("SSH-2.0-x\r\n\r\n"),
                  called::error("WebSocketException", Errc::malformed_start_line)});
  rows.push_back({"lost", comes_back, [](RawPeer& peer) { (void)peer.accept(); }, called::lost()});
  rows.push_back({"lost_while_connecting", comes_back,
                  [](RawPeer& peer) { (void)peer.read_head(); }, called::lost()});
  rows.push_back({"silent_while_connecting", comes_back,
                  [](RawPeer& peer) { (void)peer.read_to_end(); },
                  called::error("WebSocketTimeoutException", Errc::connect_timeout), 1s});
  return rows;
}

class ReconnectAfter : public ::testing::TestWithParam<JudgedEnd> {};
INSTANTIATE_TEST_SUITE_P(Over, ReconnectAfter, ::testing::ValuesIn(judged_ends()),
                         case_name<JudgedEnd>);

/// The opening of a first connection is left out: some rows have one.
Calls without_open(Calls calls) {
  std::erase(calls, called::open);
  return calls;
}

TEST_P(ReconnectAfter, R35_this_end_the_run_comes_back_or_ends) {
  const JudgedEnd& row = GetParam();
  RawServer server({row.script, sending({})});
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers(), {.connect_timeout = row.patience});
  const RunResult result = app.run_forever({.reconnect = 1ms});
  EXPECT_EQ(server.accepted(), row.verdict == comes_back ? 2 : 1);
  Calls expected;
  if (!row.error.empty()) expected.push_back(row.error);
  if (row.verdict == comes_back) {
    expected.insert(expected.end(), {"reconnect", called::close(1000, "done")});
    EXPECT_EQ(result.text(), "closed by the server: 1000 \"done\"");
  }
  Calls calls = without_open(recorder.calls());
  if (row.verdict == ends) calls.pop_back();  // on_close
  EXPECT_EQ(calls, expected);
  EXPECT_EQ(app.has_errored(), !row.error.empty()) << "a Close is no error";
}

TEST_P(ReconnectAfter, this_end_a_run_without_reconnect_ends) {
  const JudgedEnd& row = GetParam();
  RawServer server({row.script, sending({})});
  Recorder recorder;
  WebSocketApp app(server.url(), recorder.handlers(), {.connect_timeout = row.patience});
  const RunResult result = app.run_forever();
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(result.failed(), !row.error.empty());
  EXPECT_EQ(recorder.calls("error").size(), row.error.empty() ? 0U : 1U);
}

class AppReconnectAfter : public AppTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppReconnectAfter);

TEST_P(AppReconnectAfter, R35_a_reset) {
  RawServer server({[](RawPeer& peer) {
                      (void)peer.accept();
                      (void)peer.read_frame();
                      peer.reset();
                    },
                    sending({})},
                   link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  app.handlers().on_open = [](WebSocketApp& self) { self.send("now"); };
  EXPECT_EQ(app.run_forever(running({.reconnect = 1ms})).why, EndReason::closed_by_peer);
  EXPECT_EQ(recorder.calls("error").size(), 1U);
  EXPECT_EQ(server.accepted(), 2);
}

TEST_P(AppReconnectAfter, R35_a_port_where_nobody_listens_and_a_name_that_does_not_resolve) {
  threads_may_rest();  // threads of the resolver
  RawServer server(sending({}), link());
  for (const std::string& nowhere :
       {link().url(unused_port()), link().scheme() + "://nowhere.invalid/"}) {
    Recorder calls;
    WebSocketApp app(nowhere, calls.handlers(), with());
    app.handlers().on_error = [&](WebSocketApp& self, const std::exception& error) {
      calls.note(called::error(error));
      self.url() = server.url();
    };
    EXPECT_EQ(app.run_forever(running({.reconnect = 1ms})).why, EndReason::closed_by_peer);
    EXPECT_EQ(calls.calls("error").size(), 1U);
    EXPECT_EQ(calls.calls("reconnect").size(), 1U);
  }
}

TEST_P(AppReconnectAfter, R35_a_ping_time_out) {
  RawServer server({[](RawPeer& peer) {
                      (void)peer.accept();
                      (void)peer.read_to_end();
                    },
                    sending({})},
                   link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const RunResult result =
      app.run_forever(running({.ping_interval = 60ms, .ping_timeout = 50ms, .reconnect = 1ms}));
  EXPECT_EQ(result.why, EndReason::closed_by_peer);
  EXPECT_EQ(server.accepted(), 2);
}

TEST_P(AppReconnectAfter, a_refused_certificate_the_run_ends) {
  if (!link().is_secure()) GTEST_SKIP() << "a matter of TLS";
  RawServer server(sending({}), link());
  WebSocketApp app(server.url(), recorder.handlers(), with());
  const RunResult result = app.run_forever({.reconnect = 1ms});
  EXPECT_TRUE(result.failed());
  EXPECT_EQ(recorder.calls("error WebSocketTlsException").size(), 1U);
  EXPECT_EQ(server.accepted(), 1);
}

TEST_P(AppReconnectAfter, an_exception_of_get_mask_key_the_run_comes_back) {
  RawServer server({[](RawPeer& peer) {
                      (void)peer.accept();
                      (void)peer.read_to_end();
                    },
                    sending({})},
                   link());
  int asked = 0;
  WebSocketApp app(server.url(), recorder.handlers(), with({.get_mask_key = [&]() -> MaskKey {
                     if (++asked == 1) throw std::runtime_error("no key");
                     return {};
                   }}));
  app.handlers().on_open = [](WebSocketApp& self) { self.send("x"); };
  EXPECT_EQ(app.run_forever(running({.reconnect = 1ms})).why, EndReason::closed_by_peer);
  EXPECT_EQ(server.accepted(), 2);
}

}  // namespace
}  // namespace wirespan::test
