// net/connect_gate.cpp: at most one CONNECTING connection per address. RFC 6455 §4.1 item 2.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/sockets.hpp"
#include <wirespan/net/connect_gate.hpp>

namespace wirespan::test {
namespace {

using Visit = net::ConnectGate::Visit;

class ConnectGate : public ::testing::Test {
 protected:
  net::ConnectGate gate;
  std::vector<std::string> entered;

  auto enter(std::string name) {
    return [this, name] { entered.push_back(name); };
  }
  std::unique_ptr<Visit> visit(const std::string& name, std::uint16_t port = 80) {
    return std::make_unique<Visit>(gate, loopback(port), enter(name));
  }
};

TEST_F(ConnectGate, R8_the_first_enters_at_once_and_the_others_wait_in_line) {
  auto first = visit("first");
  auto second = visit("second");
  auto third = visit("third");
  EXPECT_EQ(entered, (std::vector<std::string>{"first"}));
  first.reset();
  EXPECT_EQ(entered, (std::vector<std::string>{"first", "second"}));
  second.reset();
  EXPECT_EQ(entered, (std::vector<std::string>{"first", "second", "third"}));
  third.reset();
  EXPECT_EQ(entered.size(), 3U);
}

TEST_F(ConnectGate, R8_other_addresses_and_other_ports_have_lines_of_their_own) {
  const auto first = visit("80", 80);
  const auto second = visit("81", 81);
  const Visit third(gate, loopback(80, "127.0.0.2"), enter("another host"));
  EXPECT_EQ(entered, (std::vector<std::string>{"80", "81", "another host"}));
}

TEST_F(ConnectGate, who_gives_up_waiting_does_not_let_the_next_one_in) {
  auto first = visit("first");
  auto second = visit("second");
  auto third = visit("third");
  second.reset();
  EXPECT_EQ(entered, (std::vector<std::string>{"first"}));
  first.reset();
  EXPECT_EQ(entered, (std::vector<std::string>{"first", "third"}));
}

TEST_F(ConnectGate, an_empty_gate_can_be_entered_again) {
  for (int i = 0; i < 3; ++i) visit("again").reset();
  EXPECT_EQ(entered.size(), 3U);
}

TEST_F(ConnectGate, each_enters_once) {
  auto first = visit("first");
  auto second = visit("second");
  auto elsewhere = visit("elsewhere", 81);
  first.reset();
  elsewhere.reset();
  EXPECT_EQ(entered.size(), 3U);
}

/// Visits that leave within their own callback let all that wait enter, one after the other.
TEST_F(ConnectGate, who_enters_may_leave_at_once) {
  std::vector<std::unique_ptr<Visit>> line(5);
  line[0] = visit("first");
  for (std::size_t i = 1; i < line.size(); ++i) {
    line[i] = std::make_unique<Visit>(gate, loopback(80), [this, &line, i] {
      entered.push_back(std::to_string(i));
      line[i].reset();
    });
  }
  line[0].reset();
  EXPECT_EQ(entered, (std::vector<std::string>{"first", "1", "2", "3", "4"}));
}

TEST_F(ConnectGate, who_enters_may_join_the_line_again) {
  std::unique_ptr<Visit> again;
  auto first = visit("first");
  auto second = std::make_unique<Visit>(gate, loopback(80), [&] { again = visit("again"); });
  first.reset();
  EXPECT_EQ(entered, (std::vector<std::string>{"first"}));
  second.reset();
  EXPECT_EQ(entered, (std::vector<std::string>{"first", "again"}));
}

}  // namespace
}  // namespace wirespan::test
