// WebSocketApp: the callbacks, their order and the result of run_forever(), for every way in which
// a run can end. RFC 6455 §7.
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"

namespace wirespan::test {
namespace {

struct EndingCase {
  const char* name;
  RawServer::Script script;  // after the opening handshake
  Calls calls;               // between on_open and on_close
  std::string close;
  Ending ending;
  std::string answer;  // the Close frame that the server gets
};
void PrintTo(const EndingCase& row, std::ostream* out) { *out << row.name; }

RawServer::Script bytes(std::string_view hex) {
  return [wire = std::string(wire_text(from_hex(hex)))](RawPeer& peer) { (void)peer.write(wire); };
}

EndingCase closed_by_peer(const char* name, unsigned code, const std::string& reason) {
  return {name,
          [=](RawPeer& peer) { (void)peer.send_close(code, reason); },
          {},
          called::close(code, reason),
          {EndReason::closed_by_peer, CloseCode{static_cast<std::uint16_t>(code)}, reason, {}},
          "close " + std::to_string(code)};
}

EndingCase violation(const char* name, std::string_view hex, const std::string& type, Errc error,
                     const std::string& answer) {
  return {name,
          bytes(hex),
          {called::error(type, error)},
          called::close(1006),
          {EndReason::failed, CloseCode::abnormal_closure, "", error},
          answer};
}

// GCC 12 believes that the strings of an initializer list may be destroyed before they were made.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

std::vector<EndingCase> ending_cases() {
  const std::string protocol = "WebSocketProtocolException";
  const std::string lost = "WebSocketConnectionClosedException";
  return {
      closed_by_peer("FIX_D1_D2_normal", 1000, ""),
      closed_by_peer("FIX_R103_going_away", 1001, "bye"),
      closed_by_peer("R127_private_code_and_long_reason", 4999, std::string(123, 'r')),
      {"R126_no_code",
       [](RawPeer& peer) { (void)peer.send_empty_close(); },
       {},
       called::close(1005),
       {EndReason::closed_by_peer, CloseCode::no_status_received, "", {}},
       "close"},
      {"R126_lost",
       [](RawPeer& peer) { peer.shutdown_write(); },
       {called::lost()},
       called::close(1006),
       {EndReason::failed, CloseCode::abnormal_closure, "", Errc::connection_lost},
       ""},
      {"R132_lost_inside_a_message",
       [](RawPeer& peer) {
         (void)peer.send_frame(0x01, "half");
         peer.shutdown_write();
       },
       {called::lost()},
       called::close(1006),
       {EndReason::failed, CloseCode::abnormal_closure, "", Errc::connection_lost},
       ""},
      violation("FIX_R129_reserved_bits", "c1 00", protocol, Errc::reserved_bits, "close 1002"),
      violation("FIX_R129_not_utf8", "81 01 ff", "WebSocketPayloadException", Errc::invalid_utf8,
                "close 1007"),
      violation("R129_too_big", "82 7f 0000000100000000", protocol, Errc::message_too_big,
                "close 1009"),
      violation("R129_bad_close_code", "88 02 03ed", protocol, Errc::invalid_close_code,
                "close 1002"),
  };
}

class AppEndings : public ::testing::TestWithParam<std::tuple<Link, EndingCase>> {};
std::string row_name(const ::testing::TestParamInfo<std::tuple<Link, EndingCase>>& row) {
  return std::get<0>(row.param).name + "_" + std::get<1>(row.param).name;
}
INSTANTIATE_TEST_SUITE_P(Over, AppEndings,
                         ::testing::Combine(::testing::ValuesIn(links_and_backends()),
                                            ::testing::ValuesIn(ending_cases())),
                         row_name);

void expect_nothing_left(const WebSocketApp& app) {
  EXPECT_FALSE(app.ready());
  EXPECT_FALSE(app.keep_running());
  EXPECT_EQ(app.fileno(), -1);
  EXPECT_EQ(app.buffered_amount(), 0U);
}

TEST_P(AppEndings, KEEP_F11_on_close_is_called_once_and_last_and_everything_is_torn_down) {
  const auto& [link, row] = GetParam();
  RawServer server(
      [&row = row](RawPeer& peer) {
        (void)peer.accept();
        row.script(peer);
        if (row.answer.empty()) return;
        EXPECT_EQ(peer.read_described(), row.answer);
        EXPECT_EQ(peer.read_to_end(), "") << "R130: nothing more";
      },
      link);
  Recorder recorder;
  AppHandlers handlers = recorder.handlers();
  handlers.on_close = [inner = handlers.on_close](WebSocketApp& app, std::optional<CloseCode> code,
                                                  std::string_view reason) {
    expect_nothing_left(app);
    inner(app, code, reason);
  };
  WebSocketApp app(server.url(), handlers, {.backend = link.backend});
  const RunResult result = app.run_forever({.sslopt = link.for_client()});
  Calls expected{"open"};
  expected.insert(expected.end(), row.calls.begin(), row.calls.end());
  expected.push_back(row.close);
  EXPECT_EQ(recorder.calls(), expected);
  EXPECT_EQ(ending_of(result), row.ending);
  EXPECT_EQ(result.failed(), row.ending.why == EndReason::failed) << "FIX D3";
  EXPECT_EQ(app.has_errored(), row.ending.why == EndReason::failed);
  expect_nothing_left(app);
}

class AppUnconnected : public AppTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(AppUnconnected);

TEST_P(AppUnconnected, R10_R128_a_port_where_nobody_listens) {
  WebSocketApp app(link().url(unused_port()), recorder.handlers(), with());
  const RunResult result = app.run_forever(running());
  const std::error_code refused{ECONNREFUSED, std::system_category()};
  EXPECT_EQ(recorder.calls(), (Calls{called::error("WebSocketException", refused), "close none"}));
  EXPECT_EQ(ending_of(result), (Ending{EndReason::failed, std::nullopt, "", refused}));
  EXPECT_TRUE(result.failed());
}

TEST_P(AppUnconnected, R23_R128_an_answer_that_is_no_101) {
  RawServer server(answering("HTTP/1.1 403 No\r\nContent-Length: 6\r\n\r\nreason"), link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_error = [this](WebSocketApp&, const std::exception& error) {
    const auto* rejection = dynamic_cast<const WebSocketBadStatusException*>(&error);
    ASSERT_NE(rejection, nullptr);
    recorder.note("status " + std::to_string(rejection->status_code()) + rejection->resp_body());
  };
  EXPECT_EQ(ending_of(run(server, handlers)),
            (Ending{EndReason::failed, std::nullopt, "", Errc::not_switching_protocols}));
  EXPECT_EQ(recorder.calls(), (Calls{"status 403reason", "close none"}));
}

TEST_P(AppUnconnected, R26_R128_a_wrong_answer) {
  RawServer server(answering("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
                   link());
  EXPECT_EQ(run(server).error, Errc::bad_accept);
  EXPECT_EQ(recorder.calls(),
            (Calls{called::error("WebSocketException", Errc::bad_accept), "close none"}));
}

TEST_P(AppUnconnected, R30_a_black_hole_and_a_silent_server_end_at_the_deadline) {
  const BlackHole hole;
  RawServer silent([](RawPeer& peer) { (void)peer.read_to_end(); }, link());
  for (const std::uint16_t port : {hole.port(), silent.port()}) {
    Recorder calls;
    WebSocketApp app(link().url(port), calls.handlers(), with({.connect_timeout = 250ms}));
    const Stopwatch watch;
    EXPECT_EQ(app.run_forever(running()).error, Errc::connect_timeout);
    EXPECT_GE(watch.elapsed(), 249ms);
    EXPECT_LT(watch.elapsed(), 3s);
    EXPECT_EQ(
        calls.calls(),
        (Calls{called::error("WebSocketTimeoutException", Errc::connect_timeout), "close none"}));
  }
}

TEST_P(AppUnconnected, R132_a_server_that_hangs_up_or_resets_before_it_answers) {
  RawServer server({[](RawPeer& peer) { (void)peer.read_head(); },
                    [](RawPeer& peer) {
                      (void)peer.read_head();
                      peer.reset();
                    }},
                   link());
  for (int i = 0; i < 2; ++i) {
    Recorder calls;
    WebSocketApp app(server.url(), calls.handlers(), with());
    EXPECT_TRUE(app.run_forever(running()).failed());
    EXPECT_EQ(calls.calls("error WebSocketConnectionClosedException").size(), 1U);
    EXPECT_EQ(calls.calls().size(), 2U);
    EXPECT_EQ(calls.last(), "close none");
  }
}

TEST_P(AppUnconnected, R132_a_reset_of_an_open_connection) {
  Signal open;
  RawServer server(
      [&](RawPeer& peer) {
        (void)peer.accept();
        open.wait();
        peer.reset();
      },
      link());
  AppHandlers handlers = recorder.handlers();
  handlers.on_open = [&](WebSocketApp&) { open.set(); };
  const RunResult result = run(server, handlers);
  EXPECT_EQ(result.why, EndReason::failed);
  EXPECT_EQ(result.close.code, CloseCode::abnormal_closure);
  EXPECT_EQ(recorder.calls("error WebSocketConnectionClosedException").size(), 1U);
  EXPECT_EQ(recorder.last(), called::close(1006));
}

}  // namespace
}  // namespace wirespan::test
