// WebSocketApp on a simulated network, whose time and addresses are the test's: the deadline of
// close() behind the peer's Close, and the address of each attempt.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/simulated_server.hpp"
#include <wirespan/app/websocket_app.hpp>

namespace wirespan::test {
namespace {

/// The session gives the answer to the peer's Close limits::close_time, 3 s, to leave, and refuses
/// another close(). So it is the run that keeps the caller's time-out.
TEST(AppSimulated, R142_close_is_as_short_as_it_says_although_the_peer_has_closed_before) {
  net::SimulatedNetwork network;
  simulate_server(network, 80, {[&](SimulatedPeer& peer) {
                    peer.accept();
                    peer.send_close(4000);
                    network.sleep_for(10s);  // and reads nothing
                  }});
  WebSocketApp app("ws://127.0.0.1/",
                   {.on_open = [](WebSocketApp& self) { self.send_binary(ByteVector(1 << 20)); }},
                   {.network = &network});
  TimePoint closed;
  network.start("closer", [&] {
    network.sleep_for(100ms);
    closed = network.now();
    app.close(STATUS_NORMAL, "", 100ms);
  });
  const RunResult result = app.run_forever({.proxy_from_environment = false});
  EXPECT_EQ(result.why, EndReason::stopped);
  EXPECT_EQ(result.close.code, CloseCode{4000});
  EXPECT_GE(network.now() - closed, 100ms);
  EXPECT_LT(network.now() - closed, 1s);
  EXPECT_TRUE(network.run());
}

/// AddressRotation goes to the next address behind a failed attempt, not behind a lost connection.
TEST(AppSimulated, after_an_open_connection_the_first_address_of_the_name_is_tried_first_again) {
  net::SimulatedNetwork network;
  network.set_name("feed.example", {.addresses = {"192.0.2.1", "192.0.2.2"}});
  std::vector<std::string> peers;
  network.set_path([&](const net::Endpoint& peer) {
    peers.push_back(peer.host());
    return net::SimulatedPath{};
  });
  simulate_server(network, 80,
                  {[](SimulatedPeer& peer) { peer.accept(); },  // and vanishes
                   [](SimulatedPeer& peer) {
                     peer.accept();
                     peer.send_close(1000);
                     (void)peer.read_some();
                   }});
  WebSocketApp app("ws://feed.example/", {}, {.network = &network});
  const RunResult result = app.run_forever({.proxy_from_environment = false, .reconnect = 1ms});
  EXPECT_EQ(result.why, EndReason::closed_by_peer);
  EXPECT_EQ(peers, (std::vector<std::string>{"192.0.2.1", "192.0.2.1"}));
  EXPECT_TRUE(network.run());
}

}  // namespace
}  // namespace wirespan::test
