// Connecting: the bytes of the request on the wire. RFC 6455 §4.1, requirements 1 to 12.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/blocking.hpp"
#include "support/case_name.hpp"
#include "support/unix_pair.hpp"
#include <wirespan/core/base64.hpp>

namespace wirespan::test {
namespace {

/// Returns the request that a client makes for a URL with any host, over a plain socket pair even
/// for wss:.
std::string request_for(const std::string& url, ConnectOptions options = {}) {
  std::string request;
  {
    const UnixPair pair([&](RawPeer& peer) { request = peer.accept(); });
    options.socket = pair.ours();
    options.already_secured = true;
    options.timeout = 10s;
    const WebSocket ws = create_connection(url, std::move(options));
  }
  return request;
}

std::vector<std::string> lines_of(const std::string& head) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < head.size();) {
    const std::size_t end = head.find("\r\n", at);
    lines.push_back(head.substr(at, end - at));
    at = end + 2;
  }
  return lines;
}

std::string line_of(const std::string& head, const std::string& name) {
  std::string found;
  for (const std::string& line : lines_of(head)) {
    if (!line.starts_with(name + ": ")) continue;
    EXPECT_EQ(found, "") << name << " stands twice in " << head;
    found = line.substr(name.size() + 2);
  }
  return found;
}

TEST(ConnectRequest, KEEP_R13_R14_R15_R17_R18_R20_lines_and_their_order) {
  const std::string request =
      request_for("ws://example.com/chat?room=1", {.header = {{"X-First", "1"}, {"X-Second", "2"}},
                                                   .cookie = "a=b",
                                                   .subprotocols = {"one", "two"}});
  std::vector<std::string> lines = lines_of(request);
  ASSERT_EQ(lines.size(), 12U) << request;
  const std::string key = lines[4];
  EXPECT_TRUE(key.starts_with("Sec-WebSocket-Key: "));
  lines.erase(lines.begin() + 4);
  EXPECT_EQ(lines, (std::vector<std::string>{"GET /chat?room=1 HTTP/1.1", "Upgrade: websocket",
                                             "Host: example.com", "Origin: http://example.com",
                                             "Sec-WebSocket-Version: 13", "Connection: Upgrade",
                                             "Sec-WebSocket-Protocol: one,two", "X-First: 1",
                                             "X-Second: 2", "Cookie: a=b", ""}));
}

TEST(ConnectRequest, KEEP_R19_the_key_is_16_random_bytes_and_new_each_time) {
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i) {
    keys.push_back(line_of(request_for("ws://example.com/"), "Sec-WebSocket-Key"));
    EXPECT_EQ(keys.back().size(), 24U);
    EXPECT_TRUE(keys.back().ends_with("=="));
  }
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::unique(keys.begin(), keys.end()), keys.end());
}

struct HostCase {
  const char* name;
  std::string url;
  std::string host;
  std::string origin;
};
void PrintTo(const HostCase& row, std::ostream* out) { *out << row.name; }
class ConnectRequestHost : public ::testing::TestWithParam<HostCase> {};
const HostCase host_cases[] = {
    {"R16_default_port", "ws://example.com/", "example.com", "http://example.com"},
    {"R16_default_port_written", "ws://example.com:80/", "example.com", "http://example.com"},
    {"KEEP_R16_default_port_of_wss", "wss://example.com:443/", "example.com",
     "https://example.com"},
    {"FIX_R16_port_443_with_ws", "ws://example.com:443/", "example.com:443",
     "http://example.com:443"},
    {"FIX_R16_port_80_with_wss", "wss://example.com:80/", "example.com:80",
     "https://example.com:80"},
    {"R16_other_port", "ws://example.com:8080/", "example.com:8080", "http://example.com:8080"},
    {"R16_capitals", "WSS://EXAMPLE.com/", "example.com", "https://example.com"},
    {"KEEP_R16_ipv6", "ws://[::1]:9001/", "[::1]:9001", "http://[::1]:9001"},
    {"R5_user_information_is_no_part_of_them", "ws://user:secret@example.com/", "example.com",
     "http://example.com"},
};
INSTANTIATE_TEST_SUITE_P(Of, ConnectRequestHost, ::testing::ValuesIn(host_cases),
                         case_name<HostCase>);

TEST_P(ConnectRequestHost, host_and_origin) {
  const std::string request = request_for(GetParam().url);
  EXPECT_EQ(line_of(request, "Host"), GetParam().host);
  EXPECT_EQ(line_of(request, "Origin"), GetParam().origin);
  EXPECT_EQ(request.find("secret"), std::string::npos);
}

TEST(ConnectRequest, KEEP_R15_the_target_is_sent_verbatim) {
  const std::vector<std::pair<std::string, std::string>> targets{
      {"ws://x", "/"},
      {"ws://x/", "/"},
      {"ws://x?q", "/?q"},
      {"ws://x/a%20b/../c;d=1?e=%2F&f", "/a%20b/../c;d=1?e=%2F&f"},
      {"ws://x/?filter[]=a&b=[c]", "/?filter[]=a&b=[c]"},
      {"ws://x/.well-known/y", "/.well-known/y"}};
  for (const auto& [url, target] : targets) {
    EXPECT_EQ(lines_of(request_for(url)).front(), "GET " + target + " HTTP/1.1") << url;
  }
}

TEST(ConnectRequest, FIX_R15_a_target_with_characters_that_no_request_may_have_is_encoded) {
  EXPECT_EQ(lines_of(request_for("ws://x/a b/\xC3\xA9?q={\"a\":1}|2")).front(),
            "GET /a%20b/%C3%A9?q=%7B%22a%22:1%7D%7C2 HTTP/1.1");
}

TEST(ConnectRequest, options_change_their_own_lines_only) {
  EXPECT_EQ(line_of(request_for("ws://x/", {.origin = "https://other.example"}), "Origin"),
            "https://other.example");
  EXPECT_EQ(request_for("ws://x/", {.origin = "a", .suppress_origin = true}).find("Origin"),
            std::string::npos);
  EXPECT_EQ(line_of(request_for("ws://x/", {.host = "virtual:81"}), "Host"), "virtual:81");
  EXPECT_EQ(line_of(request_for("ws://x/", {.connection = "keep-alive, Upgrade"}), "Connection"),
            "keep-alive, Upgrade");
  EXPECT_EQ(line_of(request_for("ws://x/", {.header = {"Cookie: c=d"}, .cookie = "a=b"}), "Cookie"),
            "c=d; a=b");
}

TEST(ConnectRequest, headers_of_the_users_own_replace_host_origin_and_key) {
  const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";
  const std::string request = request_for(
      "ws://x/", {.header = {"host: h.example:1", "ORIGIN: null", "Sec-WebSocket-Key: " + key}});
  EXPECT_EQ(line_of(request, "Host"), "h.example:1");
  EXPECT_EQ(line_of(request, "Origin"), "null");
  EXPECT_EQ(line_of(request, "Sec-WebSocket-Key"), key);
  EXPECT_EQ(request.find("host:"), std::string::npos);
}

struct RefusedRequest {
  const char* name;
  std::string url;
  ConnectOptions options;
  Errc error;
};
void PrintTo(const RefusedRequest& row, std::ostream* out) { *out << row.name; }
class ConnectRequestRefused : public ::testing::TestWithParam<RefusedRequest> {};

std::vector<RefusedRequest> refused_requests() {
  const auto url = [](const char* name, std::string text) {
    return RefusedRequest{name, std::move(text), {}, Errc::invalid_url};
  };
  const auto header = [](const char* name, HeaderItem item, Errc error) {
    return RefusedRequest{name, "", {.header = {std::move(item)}}, error};
  };
  return {
      url("R7_empty", ""),
      url("R7_no_scheme", "127.0.0.1"),
      url("R7_http", "http://127.0.0.1/"),
      url("R7_fragment", "ws://127.0.0.1/#x"),
      url("R7_blank_in_the_host", "ws://127.0.0.1 /"),
      url("R7_half_a_percent_triplet", "ws://127.0.0.1/%4"),
      url("R7_line_break", "ws://127.0.0.1/ HTTP/1.1\r\nX-Evil: 1"),
      url("R7_port_too_large", "ws://127.0.0.1:65536/"),
      url("R7_no_host", "ws:///"),
      header("D12_line_break_in_a_value", {"X-A", "b\r\nX-Evil: 1"}, Errc::invalid_header),
      header("D12_line_break_in_a_line", "X-A: b\r\nX-Evil: 1", Errc::invalid_header),
      header("D12_nul_in_a_value", {"X-A", std::string("b\0c", 3)}, Errc::invalid_header),
      header("blank_in_a_name", {"X A", "b"}, Errc::invalid_header),
      header("no_colon", "Just words", Errc::invalid_header),
      header("reserved_upgrade", {"Upgrade", "h2c"}, Errc::reserved_header),
      header("reserved_connection", {"connection", "close"}, Errc::reserved_header),
      header("reserved_protocol", "Sec-WebSocket-Protocol: a", Errc::reserved_header),
      header("reserved_extensions", "Sec-WebSocket-Extensions: a", Errc::reserved_header),
      header("reserved_body", "Content-Length: 5", Errc::reserved_header),
      header("invalid_key", "Sec-WebSocket-Key: short", Errc::invalid_header),
      header("other_version", "Sec-WebSocket-Version: 8", Errc::invalid_header),
      {"D12_line_break_in_the_cookie", "", {.cookie = "a\r\nb: c"}, Errc::invalid_header},
      {"D12_line_break_in_the_origin", "", {.origin = "a\nb"}, Errc::invalid_header},
      {"D12_line_break_in_the_host", "", {.host = "a\r\nb"}, Errc::invalid_header},
      {"connection_without_upgrade", "", {.connection = "close"}, Errc::invalid_header},
      {"R21_empty_subprotocol", "", {.subprotocols = {""}}, Errc::invalid_subprotocol},
      {"R21_blank_in_a_subprotocol", "", {.subprotocols = {"a b"}}, Errc::invalid_subprotocol},
      {"R21_subprotocol_twice", "", {.subprotocols = {"a", "b", "a"}}, Errc::invalid_subprotocol},
      {"R21_line_break", "", {.subprotocols = {"a\r\nb"}}, Errc::invalid_subprotocol},
  };
}
INSTANTIATE_TEST_SUITE_P(Of, ConnectRequestRefused, ::testing::ValuesIn(refused_requests()),
                         case_name<RefusedRequest>);

TEST_P(ConnectRequestRefused, before_anything_is_connected) {
  RawServer server(echo_script);
  const std::string url = GetParam().error == Errc::invalid_url ? GetParam().url : server.url();
  EXPECT_EQ(refusal_of([&] { return create_connection(url, GetParam().options); }),
            plain_exception(GetParam().error));
  EXPECT_EQ(server.accepted(), 0);
}

class ConnectRequestOver : public OverLinks {};
INSTANTIATE_TEST_SUITE_P(Over, ConnectRequestOver, ::testing::ValuesIn(links()), link_name);

TEST_P(ConnectRequestOver, R22_nothing_follows_the_request_before_it_is_answered) {
  RawServer server(
      [](RawPeer& peer) {
        const std::string request = peer.read_head();
        EXPECT_FALSE(peer.has_input(100ms));
        (void)peer.write(RawPeer::acceptance(request));
        peer.echo();
      },
      GetParam());
  WebSocket ws = connect(server);
  EXPECT_EQ(ws.is_ssl(), GetParam().is_secure());
  EXPECT_EQ(ws.status(), 101);
}

TEST_P(ConnectRequestOver, the_answer_tells_subprotocol_and_headers_as_the_server_spells_them) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.accept("Sec-WebSocket-Protocol: Two\r\nX-Served-By: Me\r\nx-served-by: You\r\n");
      },
      GetParam());
  const WebSocket ws = connect(server, {.subprotocols = {"one", "Two"}});
  EXPECT_EQ(ws.subprotocol(), "Two");
  EXPECT_EQ(ws.headers().get("x-served-by"), "Me");
  EXPECT_EQ(ws.headers().get_all("X-SERVED-BY").size(), 2U);
}

}  // namespace
}  // namespace wirespan::test
