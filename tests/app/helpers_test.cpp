// The test peers of app, and the gate that finds leftovers of tests. Their sources are compiled
// here, because no other test program uses them.
#include <cstdlib>

#include <gtest/gtest.h>

#include "support/left_behind.cpp"
#include "support/link.cpp"
#include "support/raw_peer.cpp"
#include "support/raw_proxy.cpp"
#include "support/raw_server.cpp"
#include "support/recorder.cpp"
#include "support/thrown.cpp"

namespace wirespan::test {
namespace {

/// The tests reach their servers directly, whatever the machine's environment says.
[[maybe_unused]] const bool without_proxies = [] {
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY",
                           "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}) {
    ::unsetenv(name);
  }
  return true;
}();

[[maybe_unused]] const bool watching = watch_for_leftovers();

class Helpers : public ::testing::TestWithParam<Link> {};
INSTANTIATE_TEST_SUITE_P(Over, Helpers, ::testing::ValuesIn(links()), link_name);

TEST_P(Helpers, a_client_and_a_server_peer_understand_each_other) {
  RawServer server(echo_script, GetParam());
  RawPeer client = RawPeer::to_port(server.port());
  if (GetParam().is_secure()) client.secure_as_client(GetParam().for_client());
  EXPECT_TRUE(client.open().starts_with("HTTP/1.1 101 "));
  for (const std::size_t size :
       std::initializer_list<std::size_t>{0, 1, 125, 126, 127, 65535, 65536, 1 << 20}) {
    const std::string text = letters(size);
    ASSERT_TRUE(client.send_text(text));
    EXPECT_EQ(payload_text(client.read_frame()), text);
  }
  client.send_ping("x");
  EXPECT_EQ(client.read_described(), "pong 78");
  client.send_close(4000, "enough");
  EXPECT_EQ(client.read_described(), "close 4000");
  EXPECT_EQ(client.read_end(), StreamEnd::orderly);
}

TEST_P(Helpers, the_end_of_a_stream_is_told_apart) {
  RawServer server({[](RawPeer& peer) { peer.close(); }, [](RawPeer& peer) { peer.reset(); }},
                   GetParam());
  for (const StreamEnd expected : {StreamEnd::orderly, StreamEnd::reset}) {
    RawPeer client = RawPeer::to_port(server.port());
    const bool secure = GetParam().is_secure();
    if (secure) client.secure_as_client(GetParam().for_client());
    const StreamEnd end = client.read_end();
    EXPECT_EQ(end, secure && expected == StreamEnd::orderly ? StreamEnd::truncated : expected);
  }
}

TEST(HelpersPlain, nobody_waits_for_ever) {
  RawServer server([](RawPeer& peer) { (void)peer.read_to_end(); });
  RawPeer client = RawPeer::to_port(server.port());
  client.set_patience(20ms);
  EXPECT_THROW((void)client.read_some(), PeerError);
  EXPECT_FALSE(client.has_input(1ms));
}

TEST(HelpersPlain, a_black_hole_does_not_answer) {
  const BlackHole hole;
  net::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  EXPECT_FALSE(try_connect(fd, hole.port()));
}

}  // namespace
}  // namespace wirespan::test
