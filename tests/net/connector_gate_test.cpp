// net/connector.cpp and its gate: one CONNECTING connection per address. RFC 6455 §4.1 item 2.
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

Endpoint at(const std::string& host) { return *Endpoint::from_numeric(host, 80); }

/// A connector and its result, if there is one yet.
struct Attempt {
  std::unique_ptr<Connector> connector;
  std::optional<Expected<Connected>> result;
};

class ConnectorGate : public ::testing::Test {
 protected:
  Stage stage;
  net::EventLoop loop{{.network = &stage}};

  void answer(const std::string& host, std::optional<std::chrono::milliseconds> after,
              std::error_code error = {}) {
    stage.answers[at(host).to_string()] = {.after = after, .error = error};
  }

  std::unique_ptr<Attempt> connect(const std::vector<std::string>& hosts,
                                   bool one_at_a_time = true) {
    std::vector<Endpoint> endpoints;
    for (const std::string& host : hosts) endpoints.push_back(at(host));
    auto attempt = std::make_unique<Attempt>();
    attempt->connector = std::make_unique<Connector>(
        loop, std::move(endpoints), net::ConnectorOptions{.one_at_a_time = one_at_a_time},
        [&result = attempt->result](Expected<Connected> what) { result = std::move(what); });
    loop.run_once(std::chrono::nanoseconds(0));  // the connector joins the line
    return attempt;
  }
};

TEST_F(ConnectorGate, R8_the_second_one_to_an_address_waits_for_the_end_of_the_first_handshake) {
  answer("1.0.0.1", 5ms);
  auto first = connect({"1.0.0.1"});
  auto second = connect({"1.0.0.1"});
  auto third = connect({"1.0.0.1"});
  stage.run_for(loop, 5s);
  ASSERT_TRUE(first->result && *first->result);
  EXPECT_TRUE((*first->result)->visit) << "the right to be CONNECTING goes on with the socket";
  EXPECT_EQ(stage.calls.connect, 1) << "TCP is connected, but the opening handshake is not over";
  (*first->result)->visit.reset();
  stage.run_for(loop, 1s);
  EXPECT_EQ(stage.calls.connect, 2);
  ASSERT_TRUE(second->result && *second->result);
  EXPECT_FALSE(third->result);
  second.reset();  // its owner gives up in the middle of the handshake
  stage.run_for(loop, 1s);
  EXPECT_TRUE(third->result && *third->result);
}

TEST_F(ConnectorGate, R8_other_addresses_do_not_wait) {
  answer("1.0.0.1", 5ms);
  answer("1.0.0.2", 5ms);
  const auto first = connect({"1.0.0.1"});
  const auto second = connect({"1.0.0.2"});
  stage.run_for(loop, 1s);
  EXPECT_TRUE(first->result);
  EXPECT_TRUE(second->result);
}

TEST_F(ConnectorGate, R8_can_be_lifted) {
  answer("1.0.0.1", 5ms);
  const auto first = connect({"1.0.0.1"}, false);
  const auto second = connect({"1.0.0.1"}, false);
  stage.run_for(loop, 1s);
  ASSERT_TRUE(first->result && *first->result);
  ASSERT_TRUE(second->result && *second->result);
  EXPECT_FALSE((*first->result)->visit);
  EXPECT_EQ(stage.calls.connect, 2);
}

TEST_F(ConnectorGate, R8_who_waits_at_one_address_goes_on_to_the_next_after_the_head_start) {
  answer("1.0.0.2", 5ms);
  const auto first = connect({"1.0.0.1"});
  const auto second = connect({"1.0.0.1", "1.0.0.2"});
  stage.run_for(loop, 249ms);
  EXPECT_FALSE(second->result);
  stage.run_for(loop, 10ms);
  EXPECT_TRUE(second->result && *second->result);
}

TEST_F(ConnectorGate, R8_a_cancelled_connector_lets_the_next_one_in) {
  auto first = connect({"1.0.0.1"});
  auto second = connect({"1.0.0.1"});
  stage.run_for(loop, 1s);
  EXPECT_EQ(stage.calls.connect, 1);
  first.reset();
  stage.run_for(loop, 1s);
  EXPECT_EQ(stage.calls.connect, 2);
  second.reset();
  EXPECT_EQ(stage.open_sockets(), 0U);
}

TEST_F(ConnectorGate, R8_a_whole_line_is_let_through_one_by_one) {
  answer("1.0.0.1", 10ms);
  std::vector<std::unique_ptr<Attempt>> line;
  for (int i = 0; i < 10; ++i) line.push_back(connect({"1.0.0.1"}));
  for (std::size_t i = 0; i < line.size(); ++i) {
    stage.run_for(loop, 1s);
    EXPECT_EQ(stage.calls.connect, static_cast<int>(i) + 1);
    EXPECT_TRUE(line[i]->result);
    line[i].reset();
  }
}

/// An address that has refused is not CONNECTING, whatever its connector does next.
TEST_F(ConnectorGate, R8_a_refused_attempt_makes_room_at_once) {
  answer("1.0.0.1", 5ms, refused);
  const auto first = connect({"1.0.0.1", "1.0.0.9"});  // the second address never answers
  const auto second = connect({"1.0.0.1"});
  stage.run_for(loop, 10s);
  EXPECT_FALSE(first->result);
  ASSERT_TRUE(second->result);
  EXPECT_EQ(second->result->error(), refused);
}

/// A resolver may return an address twice; the connector must not wait for itself.
TEST_F(ConnectorGate, R8_an_address_that_is_listed_twice_is_no_dead_end) {
  answer("1.0.0.1", 5ms, refused);
  const auto only = connect({"1.0.0.1", "1.0.0.1"});
  stage.run_for(loop, 10s);
  ASSERT_TRUE(only->result) << "it waits for itself to leave";
  EXPECT_EQ(only->result->error(), refused);
}

TEST_F(ConnectorGate, R8_of_two_to_one_address_the_second_does_not_start_as_the_connector_goes) {
  auto only = connect({"1.0.0.1", "1.0.0.1"});
  stage.run_for(loop, 1s);
  EXPECT_EQ(stage.calls.connect, 1);
  only.reset();
  EXPECT_EQ(stage.calls.connect, 1);
  EXPECT_EQ(stage.open_sockets(), 0U);
}

/// The second attempt enters while the first one leaves, and is answered at once.
TEST_F(ConnectorGate, R8_an_address_that_is_listed_twice_and_answers_at_once_gives_one_answer) {
  for (const auto& error : {std::error_code(), refused}) {
    answer("1.0.0.1", 300ms, refused);
    std::vector<std::error_code> results;
    const std::vector<Endpoint> twice{at("1.0.0.1"), at("1.0.0.1")};
    const Connector connector(loop, twice, {}, [&](const Expected<Connected>& what) {
      results.push_back(what ? std::error_code() : what.error());
    });
    stage.run_for(loop, 290ms);  // the second attempt is in line
    answer("1.0.0.1", 0ms, error);
    EXPECT_NO_THROW(stage.run_for(loop, 5s));
    EXPECT_EQ(results, std::vector{error});
  }
}

/// No deep stack: each connector lets the next one in without recursion.
TEST_F(ConnectorGate, R8_a_long_line_may_fail_one_after_the_other) {
  answer("1.0.0.1", 5ms);
  auto first = connect({"1.0.0.1"});
  std::vector<std::unique_ptr<Attempt>> line;
  for (int i = 0; i < 3000; ++i) line.push_back(connect({"1.0.0.1"}));
  answer("1.0.0.1", 0ms, refused);
  first.reset();
  loop.run_once(std::chrono::nanoseconds(0));
  EXPECT_LE(stage.calls.connect, 3) << "all in one turn, each from inside the one before";
  for (int i = 0; i < 4000; ++i) loop.run_once(std::chrono::nanoseconds(0));
  for (const auto& one : line) ASSERT_TRUE(one->result);
}

/// The connection is made within the call, as for a Unix socket.
TEST_F(ConnectorGate, R8_one_that_connects_at_once_has_its_right_all_the_same) {
  answer("1.0.0.1", 0ms);
  auto first = connect({"1.0.0.1"});
  const auto second = connect({"1.0.0.1"});
  stage.run_for(loop, 1s);
  ASSERT_TRUE(first->result && *first->result);
  EXPECT_TRUE((*first->result)->visit);
  first->connector.reset();  // only the connection that was handed out counts
  stage.run_for(loop, 1s);
  EXPECT_EQ(stage.calls.connect, 1);
  first->result.reset();
  stage.run_for(loop, 1s);
  EXPECT_EQ(stage.calls.connect, 2);
}

TEST_F(ConnectorGate, R8_one_that_fails_at_once_holds_nobody_up) {
  answer("1.0.0.1", 0ms, refused);
  const auto first = connect({"1.0.0.1", "1.0.0.9"});
  const auto second = connect({"1.0.0.1"});
  stage.run_for(loop, 10s);
  ASSERT_TRUE(second->result);
  EXPECT_EQ(second->result->error(), refused);
}

}  // namespace
}  // namespace wirespan::test
