// Errors and log lines of a server name the option, file, address or origin that they are about.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/case_name.hpp"
#include "support/log_lines.hpp"
#include "support/running_server.hpp"
#include <wirespan/app/log.hpp>

namespace wirespan::test {
namespace {

std::string listen_error(ServerOptions options) {
  return what_of([&] { return WebSocketServer(std::move(options), {}).listen(); });
}

struct NamedError {
  const char* name;
  ServerOptions options;
  std::string text;
};
void PrintTo(const NamedError& row, std::ostream* out) { *out << row.name; }

class ServerNamedErrors : public ::testing::TestWithParam<NamedError> {};

TEST_P(ServerNamedErrors, listen_says_which_option_has_which_value) {
  EXPECT_EQ(listen_error(GetParam().options), GetParam().text);
}

std::vector<NamedError> named_errors() {
  const std::string no_address =
      " is not a numeric address (\"127.0.0.1\", \"::1\") nor \"unix:\" and a path: invalid option";
  const std::string no_path =
      " has no path, or one that is too long for a Unix socket: invalid option";
  const std::string long_path(127, 'x');
  return {
      {"address", {.address = "localhost"}, "ServerOptions::address \"localhost\"" + no_address},
      {"address_with_a_port",
       {.address = "127.0.0.1:80"},
       "ServerOptions::address \"127.0.0.1:80\"" + no_address},
      {"more_addresses",
       {.more_addresses = {"::1", "example\r\n"}},
       "ServerOptions::more_addresses \"example\\x0d\\x0a\"" + no_address},
      {"empty_path", {.address = "unix:"}, "ServerOptions::address \"unix:\"" + no_path},
      {"long_path",
       {.more_addresses = {"unix:" + long_path}},
       "ServerOptions::more_addresses \"unix:" + long_path.substr(0, 123) + "...\"" + no_path},
      {"no_thread",
       {.threads = 0},
       "ServerOptions::threads 0 is not between 1 and 255: invalid option"},
      {"subprotocols",
       {.subprotocols = {"chat", "not one"}},
       "ServerOptions::subprotocols \"not one\" is no token: invalid option"},
      {"proxies_that_are_none",
       {.proxies = {.trusted = {"10.0.0.0/8", "example.com"}}},
       "ServerOptions::proxies: ProxyPolicy::trusted \"example.com\" is no address, no network "
       "(\"10.0.0.0/8\") and not \"unix\": invalid option"},
      {"header_of_proxies",
       {.proxies = {.trusted = {"::1"}, .header = "X Real"}},
       "ServerOptions::proxies: ProxyPolicy::header \"X Real\" is not the name of a header: "
       "invalid option"},
      {"no_proxies_with_a_header",
       {.proxies = {.header = "Forwarded"}},
       "ServerOptions::proxies: ProxyPolicy::trusted is empty: nobody may tell a client's address: "
       "invalid option"},
      {"no_proxies_with_the_protocol",
       {.proxies = {.proxy_protocol = true}},
       "ServerOptions::proxies: ProxyPolicy::trusted is empty: nobody may tell a client's address: "
       "invalid option"},
      {"folder_that_is_none",
       {.address = "unix:/no/such/folder/socket"},
       "listen on unix:/no/such/folder/socket: No such file or directory"},
  };
}
INSTANTIATE_TEST_SUITE_P(Table, ServerNamedErrors, ::testing::ValuesIn(named_errors()),
                         case_name<NamedError>);

TEST(ServerNamedErrorsOf, an_address_in_use_is_named) {
  WebSocketServer first({}, {});
  const std::uint16_t port = first.listen();
  EXPECT_EQ(listen_error({.port = port}),
            "listen on 127.0.0.1:" + std::to_string(port) + ": Address already in use");
}

TEST(ServerNamedErrorsOf, compression_that_is_out_of_range_is_named) {
  if (!deflate_available()) GTEST_SKIP();
  EXPECT_EQ(listen_error({.compression = DeflateOptions{.receive_window_bits = 8}}),
            "DeflateOptions::receive_window_bits 8 is not between 9 and 15: invalid option");
  EXPECT_EQ(listen_error({.compression = DeflateOptions{.memory_level = 10}}),
            "DeflateOptions::memory_level 10 is not between 1 and 9: invalid option");
}

TEST(ServerNamedErrorsOf, a_close_code_that_stop_refuses_is_named) {
  WebSocketServer server({}, {});
  EXPECT_EQ(what_of([&] {
              server.stop({.code = CloseCode::no_status_received, .reason = "bye"});
              return 0;
            }),
            "stop with code 1005 and a reason of 3 bytes: this close code may not be sent");
}

class ServerLog : public ServerTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerLog);

TEST_P(ServerLog, a_refused_origin_is_named_once_escaped_and_bounded) {
  const LogLines log;
  for (const std::string& origin :
       {std::string("http://evil.example"), "x\t\"" + std::string(5000, 'y')}) {
    const RunningServer server(echoing(), link());
    for (int i = 0; i < 5; ++i) {  // one line for all: a peer cannot fill the log
      RawPeer client = server.dial();
      client.write(upgrade_request("Origin: " + origin + "\r\n"));
      EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 403 "));
    }
  }
  const std::string rest = " at host \"localhost\": not welcome by ServerOptions::origins";
  EXPECT_EQ(log.get(), (std::vector<std::string>{"403 for origin \"http://evil.example\"" + rest,
                                                 "403 for origin \"x\\x09\\x22" +
                                                     std::string(125, 'y') + "...\"" + rest}));
}

TEST_P(ServerLog, a_connection_without_a_proxy_header_is_explained_once) {
  const LogLines log;
  for (const char* trusted : {"127.0.0.1", "192.0.2.1"}) {
    const RunningServer server(echoing(), link(),
                               {.proxies = {.trusted = {trusted}, .proxy_protocol = true}});
    for (int i = 0; i < 3; ++i) {
      RawPeer client = RawPeer::to_port(server.port());
      client.write("GET");
      EXPECT_NO_THROW((void)client.read_end());
    }
  }
  const auto lines = log.get();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].starts_with("a connection from 127.0.0.1:"));
  EXPECT_TRUE(lines[0].ends_with(" is closed: no PROXY header: the connection begins with \"G\""));
  EXPECT_TRUE(lines[1].ends_with(" is closed: it is none of ProxyPolicy::trusted"));
}

TEST_P(ServerLog, a_header_that_an_answer_cannot_have_is_named) {
  const LogLines log;
  ServerHandlers handlers = echoing();
  handlers.on_request = [](PendingRequest request) {
    request.accept({.headers = {{"X Bad", "1"}}});
  };
  const RunningServer server(handlers, link());
  RawPeer client = server.dial();
  client.write(upgrade_request());
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 500 "));
  EXPECT_EQ(log.get(), std::vector<std::string>{"the answer to a request cannot be sent: header "
                                                "\"X Bad\": invalid header name or value"});
}

}  // namespace
}  // namespace wirespan::test
