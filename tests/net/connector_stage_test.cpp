// net/connector.cpp on a Stage: Happy Eyeballs (RFC 8305), the order and the times of attempts.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/stage.hpp"
#include <wirespan/net/connector.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using net::Connected;
using net::Connector;
using net::Endpoint;

const auto refused = make_error_code(std::errc::connection_refused);
const auto unreachable = make_error_code(std::errc::network_unreachable);

Endpoint at(const std::string& host) { return *Endpoint::from_numeric(host, 80); }

std::vector<std::string> names(const std::vector<Endpoint>& endpoints) {
  std::vector<std::string> hosts;
  for (const Endpoint& endpoint : endpoints) hosts.push_back(endpoint.host());
  return hosts;
}

std::vector<std::string> order(std::vector<std::string> hosts) {
  std::vector<Endpoint> endpoints;
  for (const std::string& host : hosts) endpoints.push_back(at(host));
  return names(net::interleave_families(std::move(endpoints)));
}

TEST(InterleaveFamilies, takes_them_by_turns_and_the_first_ones_family_first) {
  using List = std::vector<std::string>;
  EXPECT_EQ(order({}), List{});
  EXPECT_EQ(order({"::1"}), List{"::1"});
  EXPECT_EQ(order({"1.0.0.1", "1.0.0.2"}), (List{"1.0.0.1", "1.0.0.2"}));
  EXPECT_EQ(order({"::1", "::2", "::3", "1.0.0.1", "1.0.0.2"}),
            (List{"::1", "1.0.0.1", "::2", "1.0.0.2", "::3"}));
  EXPECT_EQ(order({"1.0.0.1", "::1", "::2", "::3"}), (List{"1.0.0.1", "::1", "::2", "::3"}));
}

/// An event loop on a Stage, and the results of the connectors on it.
class ConnectorOnStage : public ::testing::Test {
 protected:
  Stage stage;
  net::EventLoop loop{{.network = &stage}};
  std::vector<Expected<Connected>> results;

  void TearDown() override {
    results.clear();
    EXPECT_EQ(stage.open_sockets(), 0U);
  }

  void answer(const std::string& host, std::optional<std::chrono::milliseconds> after,
              std::error_code error = {}) {
    stage.answers[at(host).to_string()] = {.after = after, .error = error};
  }

  std::unique_ptr<Connector> connect(std::vector<std::string> hosts,
                                     net::ConnectorOptions options = {}) {
    std::vector<Endpoint> endpoints;
    for (const std::string& host : hosts) endpoints.push_back(at(host));
    return std::make_unique<Connector>(
        loop, std::move(endpoints), std::move(options),
        [this](Expected<Connected> result) { results.push_back(std::move(result)); });
  }

  /// Returns each attempt as "1.0.0.1 at 250": its address, and its time in milliseconds from the
  /// start.
  std::vector<std::string> attempts() {
    std::vector<std::string> list;
    for (const auto& [host, when] : stage.connects) {
      const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(when - start);
      list.push_back(host.substr(0, host.rfind(':')) + " at " + std::to_string(time.count()));
    }
    return list;
  }

  const TimePoint start = stage.time;
};
using List = std::vector<std::string>;

TEST_F(ConnectorOnStage, reports_from_the_loop_and_not_from_its_constructor) {
  answer("1.0.0.1", 0ms);
  const auto connector = connect({"1.0.0.1"});
  EXPECT_TRUE(results.empty());
  EXPECT_EQ(stage.calls.connect, 0);
  stage.run_for(loop, 1s);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results[0]);
  EXPECT_GE((*results[0]).socket.fd(), 0);
}

TEST_F(ConnectorOnStage, a_refusal_is_followed_by_the_next_address_at_once) {
  answer("1.0.0.1", 10ms, refused);
  answer("1.0.0.2", 0ms, refused);
  answer("1.0.0.3", 20ms);
  const auto connector = connect({"1.0.0.1", "1.0.0.2", "1.0.0.3"});
  stage.run_for(loop, 1s);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(attempts(), (List{"1.0.0.1 at 0", "1.0.0.2 at 10", "1.0.0.3 at 10"}));
}

TEST_F(ConnectorOnStage, FIX_silence_is_followed_by_the_next_address_after_a_head_start) {
  answer("1.0.0.3", 30ms);
  const auto connector = connect({"1.0.0.1", "1.0.0.2", "1.0.0.3", "1.0.0.4"});
  stage.run_for(loop, 520ms);
  EXPECT_TRUE(results.empty());
  EXPECT_EQ(stage.open_sockets(), 3U);
  stage.run_for(loop, 20ms);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(attempts(), (List{"1.0.0.1 at 0", "1.0.0.2 at 250", "1.0.0.3 at 500"}));
}

TEST_F(ConnectorOnStage, the_head_start_can_be_chosen) {
  const auto connector = connect({"1.0.0.1", "1.0.0.2"}, {.stagger = 70ms});
  stage.run_for(loop, 1s);
  EXPECT_EQ(attempts(), (List{"1.0.0.1 at 0", "1.0.0.2 at 70"}));
  EXPECT_TRUE(results.empty()) << "there is no deadline here";
}

TEST_F(ConnectorOnStage, an_address_that_was_late_may_still_win) {
  answer("1.0.0.1", 300ms);
  answer("1.0.0.2", 200ms);
  auto connector = connect({"1.0.0.1", "1.0.0.2"});
  stage.run_for(loop, 310ms);
  ASSERT_EQ(results.size(), 1U);
  ASSERT_TRUE(results[0]);
  connector.reset();
  EXPECT_EQ(stage.open_sockets(), 1U) << "the loser is closed";
}

TEST_F(ConnectorOnStage, FIX_families_take_turns) {
  const auto connector =
      connect({"::1", "::2", "1.0.0.1", "1.0.0.2"}, {.stagger = std::chrono::milliseconds(10)});
  stage.run_for(loop, 1s);
  EXPECT_EQ(attempts(), (List{"[::1] at 0", "1.0.0.1 at 10", "[::2] at 20", "1.0.0.2 at 30"}));
}

TEST_F(ConnectorOnStage, R10_if_all_fail_the_last_error_is_told_once) {
  answer("1.0.0.1", 400ms, refused);
  answer("1.0.0.2", 50ms, unreachable);
  const auto connector = connect({"1.0.0.1", "1.0.0.2"});
  stage.run_for(loop, 399ms);
  EXPECT_TRUE(results.empty());
  stage.run_for(loop, 5s);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].error(), refused) << "the one that came last, not the last address";
}

TEST_F(ConnectorOnStage, destroyed_it_tries_nothing_more_and_keeps_nothing_open) {
  answer("1.0.0.2", 100ms);
  for (const auto when : {0ms, 100ms, 260ms}) {
    auto connector = connect({"1.0.0.1", "1.0.0.2", "1.0.0.3"});
    stage.run_for(loop, when);
    connector.reset();
    EXPECT_EQ(stage.open_sockets(), 0U);
    const int before = stage.calls.connect;
    stage.run_for(loop, 2s);
    EXPECT_EQ(stage.calls.connect, before);
    EXPECT_TRUE(results.empty());
  }
}

TEST_F(ConnectorOnStage, may_be_destroyed_by_its_handler) {
  for (const auto& error : {std::error_code(), refused}) {
    answer("1.0.0.1", 5ms, error);
    std::unique_ptr<Connector> connector;
    int calls = 0;
    connector = std::make_unique<Connector>(loop, std::vector{at("1.0.0.1")},
                                            net::ConnectorOptions{}, [&](Expected<Connected>) {
                                              ++calls;
                                              connector.reset();
                                            });
    stage.run_for(loop, 1s);
    EXPECT_EQ(calls, 1);
    EXPECT_FALSE(connector);
  }
}

TEST_F(ConnectorOnStage, sets_options_before_it_connects) {
  answer("1.0.0.1", 0ms);
  answer("1.0.0.2", 0ms);
  stage.refused_option = 7;
  const auto connector =
      connect({"1.0.0.1", "1.0.0.2"}, {.socket_options = {{1, 6, 1}, {1, 7, 1}}});
  stage.run_for(loop, 1s);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].error(), std::errc::no_protocol_option);
  EXPECT_EQ(stage.calls.connect, 0);
}

TEST_F(ConnectorOnStage, an_attempt_that_cannot_be_watched_has_failed) {
  stage.register_error = make_error_code(std::errc::no_space_on_device);
  const auto connector = connect({"1.0.0.1"});
  stage.run_for(loop, 1s);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].error(), std::errc::no_space_on_device);
}

/// The owner may keep the connector during the handshakes that follow, so it has to be quiet then.
TEST_F(ConnectorOnStage, after_its_answer_it_does_nothing_more_although_a_loser_connects_too) {
  answer("1.0.0.1", 300ms);
  answer("1.0.0.2", 10ms);
  answer("1.0.0.3", 10ms);
  const auto connector = connect({"1.0.0.1", "1.0.0.2", "1.0.0.3"});
  EXPECT_NO_THROW(stage.run_for(loop, 2s));
  EXPECT_EQ(results.size(), 1U);
  EXPECT_EQ(stage.calls.connect, 2);
  EXPECT_EQ(stage.open_sockets(), 1U) << "losers are closed, not kept until the owner is done";
}

TEST_F(ConnectorOnStage, after_its_answer_it_does_nothing_more_although_a_loser_fails) {
  answer("1.0.0.1", 300ms, refused);
  answer("1.0.0.2", 10ms);
  answer("1.0.0.3", 10ms);
  const auto connector = connect({"1.0.0.1", "1.0.0.2", "1.0.0.3"});
  EXPECT_NO_THROW(stage.run_for(loop, 2s));
  EXPECT_EQ(results.size(), 1U);
  EXPECT_EQ(stage.calls.connect, 2) << "nobody needs a third address any more";
}

TEST_F(ConnectorOnStage, two_that_connect_in_the_same_turn_give_one_answer) {
  answer("1.0.0.1", 260ms);
  answer("1.0.0.2", 10ms);
  const auto connector = connect({"1.0.0.1", "1.0.0.2"});
  EXPECT_NO_THROW(stage.run_for(loop, 2s));
  EXPECT_EQ(results.size(), 1U);
}

}  // namespace
}  // namespace wirespan::test
