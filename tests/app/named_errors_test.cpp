// Exceptions of a client name the option, file, header or host that they concern, and no secret.
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/app_test.hpp"
#include "support/case_name.hpp"
#include "support/left_behind.hpp"
#include "support/raw_server.hpp"
#include "support/thrown.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_app.hpp>

namespace wirespan::test {
namespace {

constexpr const char* no_server = "ws://127.0.0.1:1/";

struct NamedError {
  const char* name;
  std::string text;
  ConnectOptions options = {};
  std::string url = no_server;
};
void PrintTo(const NamedError& row, std::ostream* out) { *out << row.name; }

class NamedErrors : public ::testing::TestWithParam<NamedError> {};

TEST_P(NamedErrors, say_which_option_of_a_connection_is_wrong) {
  const NamedError& row = GetParam();
  EXPECT_EQ(what_of([&] { return create_connection(row.url, row.options); }), row.text);
}

TEST_P(NamedErrors, say_the_same_when_an_app_runs) {
  const NamedError& row = GetParam();
  if (row.options.connection) return;  // no option of an app
  WebSocketApp app(row.url, {},
                   {.header = row.options.header,
                    .cookie = row.options.cookie,
                    .subprotocols = row.options.subprotocols,
                    .compression = row.options.compression});
  EXPECT_EQ(what_of([&] {
              return app.run_forever({.sockopt = row.options.sockopt,
                                      .sslopt = row.options.sslopt,
                                      .host = row.options.host});
            }),
            row.text);
}

std::vector<NamedError> named_errors() {
  const std::string url = ": not a ws or wss URL";
  const std::string header = ": invalid header name or value";
  return {
      {"scheme",
       "scheme \"http\" at byte 0 is neither ws nor wss (use ws)" + url,
       {},
       "http://u:secret@h/path?token=secret#x"},
      {"port", "port \"70000\" at byte 7 is not a number up to 65535" + url, {}, "ws://h:70000"},
      {"no_url", "no \"ws://\" or \"wss://\" at byte 0" + url, {}, ""},
      {"header_name", "header \"X Bad\"" + header, {.header = {{"X Bad", "secret"}}}},
      {"header_value", "header \"X-Good\"" + header, {.header = {{"X-Good", "secret\r\n"}}}},
      {"header_line", "header line 2 has no colon" + header, {.header = {"A: 1", "secret"}}},
      {"header_twice",
       "header \"Host\" came more than once" + header,
       {.header = {"Host: a", "Host: b"}}},
      {"reserved_header",
       "header \"upgrade\": this header is set by the handshake or by an option",
       {.header = {"upgrade: x"}}},
      {"cookie", "cookie has a control character" + header, {.cookie = "secret\n"}},
      {"connection",
       "connection \"close\" does not list Upgrade" + header,
       {.connection = "close"}},
      {"host", "host \"a b\"" + header, {.host = "a b"}},
      {"subprotocol",
       "subprotocol \"a b\": invalid or repeated subprotocol",
       {.subprotocols = {"x", "a b"}}},
  };
}
INSTANTIATE_TEST_SUITE_P(Table, NamedErrors, ::testing::ValuesIn(named_errors()),
                         case_name<NamedError>);

TEST(NamedErrorsOf, compression) {
  if (!deflate_available()) GTEST_SKIP();
  EXPECT_EQ(what_of([] {
              return create_connection(no_server, {.compression = DeflateOptions{.level = 0}});
            }),
            "DeflateOptions::level 0 is not between 1 and 9: invalid option");
}

TEST(NamedErrorsOf, FIX_a_host_that_does_not_answer) {
  threads_may_rest();  // threads of the resolver
  EXPECT_EQ(what_of([] { return create_connection(no_server, {}); }),
            "connecting to \"ws://127.0.0.1:1/\" at 127.0.0.1:1: Connection refused");
  EXPECT_EQ(what_of([] {
              return create_connection("ws://no-such-host.invalid/?x=secret", {});
            }).find("resolving the host of \"ws://no-such-host.invalid/\": "),
            0U);
}

TEST(NamedErrorsOf, an_answer_that_is_refused) {
  RawServer server([](RawPeer& peer) {
    (void)peer.read_head();
    (void)peer.write("SSH-2.0-x\r\n\r\n");
  });
  EXPECT_EQ(what_of([&] { return create_connection(server.url(), {}); }),
            "opening handshake with \"" + server.url() + "\" at " + server.authority() +
                ": the first line is not HTTP");
}

TEST(NamedErrorsOf, a_socket_option_that_the_system_refuses) {
  RawServer server([](RawPeer&) {});
  const std::string text = what_of([&] {
    return create_connection(server.url(), {.sockopt = {{12345, 6789, 1}}});
  });
  EXPECT_EQ(text.find("sockopt with level 12345, name 6789, value 1: "), 0U) << text;
}

TEST(NamedErrorsOf, a_socket_of_ones_own) {
  const std::string text =
      what_of([] { return create_connection(no_server, {.socket = 1'000'000}); });
  EXPECT_EQ(text, "ConnectOptions::socket 1000000: Bad file descriptor");
}

TEST(NamedErrorsOf, the_payload_of_pings) {
  WebSocketApp app(no_server, {});
  EXPECT_EQ(what_of([&] { return app.run_forever({.ping_payload = std::string(126, 'x')}); }),
            "RunOptions::ping_payload of 126 bytes: control frame payload above 125 bytes");
}

TEST(NamedErrorsOf, a_close_code) {
  WebSocketApp app(no_server, {});
  const std::string expected =
      " with code 1006 and a reason of 1 bytes: this close code may not be sent";
  EXPECT_EQ(what_of([&] {
              app.close(CloseCode::abnormal_closure, "x");
              return 0;
            }),
            "close" + expected);
  RawServer server([](RawPeer& peer) {
    (void)peer.accept();
    (void)peer.read_end();
  });
  WebSocket ws = create_connection(server.url(), {});
  EXPECT_EQ(what_of([&] {
              ws.close(CloseCode::abnormal_closure, "x");
              return 0;
            }),
            "close" + expected);
}

}  // namespace
}  // namespace wirespan::test
