// The small values of app: HeaderSource, ReceivedMessage, RunResult, Handler, status names.
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "support/blocking.hpp"
#include <wirespan/app/handlers.hpp>
#include <wirespan/app/header_source.hpp>
#include <wirespan/app/run_result.hpp>
#include <wirespan/app/websocket_app.hpp>

namespace wirespan::test {
namespace {

Headers collected(const HeaderSource& source) {
  const auto headers = source.collect();
  EXPECT_TRUE(headers) << headers.error();
  return headers ? *headers : Headers{};
}

const Headers two{{"Authorization", "Basic x"}, {"X-Trace", "7"}};

TEST(HeaderSourceForms, lines) {
  EXPECT_EQ(collected({"Authorization: Basic x", "X-Trace:7"}), two);
  EXPECT_EQ(collected({std::string("Authorization: Basic x"), "X-Trace: \t 7 "}), two);
  const std::vector<std::string> lines{"Authorization: Basic x", "X-Trace: 7"};
  EXPECT_EQ(collected(lines), two);
  EXPECT_EQ(collected({"One: line"}), (Headers{{"One", "line"}}));
  EXPECT_EQ(collected({"A: b: c"}), (Headers{{"A", "b: c"}}));
  EXPECT_EQ(collected({"A:"}), (Headers{{"A", ""}}));
}

TEST(HeaderSourceForms, pairs) {
  EXPECT_EQ(collected({{"Authorization", "Basic x"}, {"X-Trace", "7"}}), two);
  EXPECT_EQ(collected({{"One", "pair"}}), (Headers{{"One", "pair"}}));
  EXPECT_EQ(collected({{"Authorization", "Basic x"}, {"Dropped", std::nullopt}, {"X-Trace", "7"}}),
            two)
      << "without a value it is left out";
}

TEST(HeaderSourceForms, lines_and_pairs_together) {
  EXPECT_EQ(collected({"Authorization: Basic x", HeaderItem("X-Trace", "7")}), two);
}

TEST(HeaderSourceForms, ready_made_and_from_a_map) {
  EXPECT_EQ(collected(two), two);
  EXPECT_EQ(collected(std::map<std::string, std::string>{{"A", "1"}, {"B", "2"}}),
            (Headers{{"A", "1"}, {"B", "2"}}));
  EXPECT_EQ(collected({}), Headers{});
  EXPECT_EQ(collected(HeaderSource()), Headers{});
}

TEST(HeaderSourceForms, a_callable_is_asked_each_time) {
  int asked = 0;
  const HeaderSource source([&] { return Headers{{"N", std::to_string(++asked)}}; });
  EXPECT_TRUE(source.is_callable());
  EXPECT_FALSE(HeaderSource{"A: b"}.is_callable());
  EXPECT_EQ(collected(source), (Headers{{"N", "1"}}));
  EXPECT_EQ(collected(source), (Headers{{"N", "2"}}));
  const HeaderSource copy = source;
  EXPECT_EQ(collected(copy), (Headers{{"N", "3"}}));
  const HeaderSource throwing([]() -> Headers { throw std::runtime_error("no"); });
  EXPECT_THROW((void)throwing.collect(), std::runtime_error);
}

TEST(HeaderSourceForms, a_line_without_colon_is_invalid) {
  EXPECT_EQ(HeaderSource{"no colon"}.collect().error(), Errc::invalid_header);
  EXPECT_EQ(HeaderSource{""}.collect().error(), Errc::invalid_header);
}

TEST(HeaderSourceForms, all_of_them_are_options) {
  const ConnectOptions options[] = {
      {.header = {"A: 1"}},
      {.header = {{"A", "1"}}},
      {.header = Headers{{"A", "1"}}},
      {.header = std::vector<std::string>{"A: 1"}},
      {.header = std::map<std::string, std::string>{{"A", "1"}}},
      {.header =
           [] {
             return Headers{{"A", "1"}};
           }},
  };
  for (const ConnectOptions& one : options) {
    std::string request;
    {
      RawServer server([&](RawPeer& peer) { request = peer.accept(); });
      const WebSocket ws = create_connection(server.url(), one);
    }
    EXPECT_NE(request.find("\r\nA: 1\r\n"), std::string::npos) << request;
  }
  const AppOptions app{.header = {{"A", "1"}, {"B", "2"}}};
  EXPECT_EQ(collected(app.header).size(), 2U);
}

TEST(ReceivedMessageValue, converts_to_a_string_and_tells_what_it_is) {
  const ReceivedMessage text{.opcode = Opcode::text, .data = "t\xC3\xA4xt"};
  EXPECT_TRUE(text.is_text());
  EXPECT_EQ(text.text(), "t\xC3\xA4xt");
  EXPECT_EQ(text.bytes().size(), 5U);
  const std::string copied = text;
  EXPECT_EQ(copied, text.data);
  ReceivedMessage binary{.data = "b"};
  EXPECT_FALSE(binary.is_text());
  EXPECT_TRUE(binary.fin);
  const std::string moved = std::move(binary);
  EXPECT_EQ(moved, "b");
}

TEST(RunResultValue, says_that_it_has_failed_and_is_no_bool) {
  EXPECT_FALSE(RunResult{.why = EndReason::closed_by_peer}.failed());
  EXPECT_FALSE(RunResult{.why = EndReason::stopped}.failed());
  EXPECT_TRUE(RunResult{.why = EndReason::failed}.failed());
  EXPECT_FALSE((std::is_constructible_v<bool, RunResult>)) << "not even explicitly";
}

TEST(RunResultValue, says_in_one_line_why_the_run_has_ended) {
  const auto closed = [](std::optional<CloseCode> code, std::string reason) {
    return RunResult{.why = EndReason::closed_by_peer, .close = {code, std::move(reason)}}.text();
  };
  EXPECT_EQ(closed(CloseCode{4001}, "bye"), "closed by the server: 4001 \"bye\"");
  EXPECT_EQ(closed(CloseCode::normal, ""), "closed by the server: 1000");
  EXPECT_EQ(closed(CloseCode::no_status_received, ""), "closed by the server without a code");
  EXPECT_EQ(closed(CloseCode{4001}, "a\nb\""), R"(closed by the server: 4001 "a\x0ab\x22")");
  EXPECT_EQ(RunResult{}.text(), "stopped");
  EXPECT_EQ((RunResult{.error = Errc::close_timeout}.text()),
            "stopped: the closing handshake took too long");
  const RunResult failed{.why = EndReason::failed, .error = Errc::host_not_found};
  EXPECT_EQ(failed.text(), "failed: host not found");
  RunResult told = failed;
  told.error_text = "connecting to nowhere:80: host not found";
  EXPECT_EQ(told.text(), "failed: connecting to nowhere:80: host not found");
}

using IntHandler = Handler<void(int)>;

TEST(HandlerValue, is_made_of_anything_that_can_be_called) {
  int sum = 0;
  const IntHandler empty;
  const IntHandler null = nullptr;
  EXPECT_FALSE(empty);
  EXPECT_FALSE(null);
  empty(1);  // nothing happens
  IntHandler handler = [&](int n) { sum += n; };
  EXPECT_TRUE(static_cast<bool>(handler));
  handler(1);
  const IntHandler copy = handler;
  handler = nullptr;
  EXPECT_FALSE(handler);
  copy(10);
  EXPECT_EQ(sum, 11);
  const std::function<void(int)> nobody;
  const IntHandler wrapped = nobody;
  EXPECT_FALSE(wrapped) << "an empty function is nothing to call";
  wrapped(1);
}

TEST(HandlerValue, what_runs_lives_until_it_returns_also_when_it_is_replaced) {
  IntHandler handler;
  std::weak_ptr<int> watched;
  {
    auto owned = std::make_shared<int>(42);
    watched = owned;
    handler = [&handler, owned](int) {
      handler = nullptr;
      EXPECT_EQ(*owned, 42);
    };
  }
  handler(0);
  EXPECT_TRUE(watched.expired());
  EXPECT_FALSE(handler);
}

}  // namespace
}  // namespace wirespan::test
