// server_calls_test.cpp - the table of the sending calls of ServerConnection and WebSocketServer:
// each is made in every state from every place, and has the same outcome at all of them.
#include <algorithm>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "contract/calls/app_world.hpp"
#include "contract/calls/server_world.hpp"

namespace wirespan::test {
namespace {

/// The groups of calls that have the same outcomes.
enum class ServerKind : std::uint8_t {
  message,        ///< Sends to one connection.
  ping,           ///< Sends a control frame.
  publishes,      ///< Sends to those that have room; tells only whether the server can.
  closes,         ///< Starts the closing handshake.
  cuts,           ///< Cuts the connection.
  quiet,          ///< Sends nothing to the client, and is refused once the connection has gone.
  stops,          ///< Ends the server, and tells nothing.
  misuse,         ///< Refused for what it is given, while there is a connection.
  misused_close,  ///< The same, and also once the connection has gone.
  misused_publish,
  misused_stop,
};

struct ServerCall {
  const char* name;
  ServerKind kind;
  ServerCallFunction make;
  std::string payload{};  ///< Of the message that the client gets, if the call is accepted.
  std::error_code misuse{};
};
void PrintTo(const ServerCall& row, std::ostream* out) { *out << row.name; }

std::vector<ServerCall> connection_calls() {
  const Bytes bytes = wire_bytes("bytes");
  return {
      {"ServerConnection::send_text", ServerKind::message,
       [](auto& one, auto&) { return one.send_text("text").error(); }, "text"},
      {"ServerConnection::send_binary", ServerKind::message,
       [=](auto& one, auto&) { return one.send_binary(bytes).error(); }, "bytes"},
      {"ServerConnection::send", ServerKind::message,
       [=](auto& one, auto&) { return one.send(Opcode::binary, bytes).error(); }, "bytes"},
      {"ServerConnection::ping", ServerKind::ping,
       [](auto& one, auto&) { return one.ping("p").error(); }, "p"},
      {"ServerConnection::send of a pong", ServerKind::ping,
       [=](auto& one, auto&) { return one.send(Opcode::pong, bytes).error(); }, "bytes"},
      {"ServerConnection::close", ServerKind::closes,
       [](auto& one, auto&) { return one.close(CloseCode::normal, "enough"); }},
      {"ServerConnection::abort", ServerKind::cuts, [](auto& one, auto&) { return one.abort(); }},
      {"ServerConnection::pause", ServerKind::quiet,
       [](auto& one, auto&) {
         const auto error = one.pause();
         return error ? error : one.resume();
       }},
      {"ServerConnection::resume", ServerKind::quiet,
       [](auto& one, auto&) { return one.resume(); }},
      {"ServerConnection::subscribe", ServerKind::quiet,
       [](auto& one, auto&) { return one.subscribe("more news"); }},
      {"ServerConnection::unsubscribe", ServerKind::quiet,
       [](auto& one, auto&) { return one.unsubscribe("more news"); }},
      {"ServerConnection::post", ServerKind::quiet,
       [](auto& one, auto&) { return one.post([](const ServerConnection&) {}); }},
  };
}

std::vector<ServerCall> server_calls() {
  return {
      {"WebSocketServer::publish", ServerKind::publishes,
       [](auto&, auto& server) { return server.publish("news", "text"); }, "text"},
      {"WebSocketServer::publish with a key", ServerKind::publishes,
       [](auto&, auto& server) { return server.publish("news", "text", "key"); }, "text"},
      {"WebSocketServer::publish_binary", ServerKind::publishes,
       [](auto&, auto& server) { return server.publish_binary("news", wire_bytes("bytes")); },
       "bytes"},
      {"WebSocketServer::publish(options)", ServerKind::publishes,
       [](auto&, auto& server) { return server.publish("news", "text", {.except = {}}); }, "text"},
      {"WebSocketServer::publish_binary(options)", ServerKind::publishes,
       [](auto&, auto& server) {
         return server.publish_binary("news", wire_bytes("bytes"), {.key = "k"});
       },
       "bytes"},
      {"WebSocketServer::stop", ServerKind::stops,
       [](auto&, auto& server) { return code_thrown_by([&] { server.stop(); }); }},
      {"WebSocketServer::stop(options)", ServerKind::stops,
       [](auto&, auto& server) {
         return code_thrown_by([&] { server.stop({.reason = "enough"}); });
       }},
      {"WebSocketServer::stop_from_signal", ServerKind::stops,
       [](auto&, auto& server) {
         server.stop_from_signal();
         return std::error_code();
       }},
  };
}

/// Told on every thread and in every state with a connection.
std::vector<ServerCall> server_misuses() {
  const auto send_row = [](const char* name, Errc error, Opcode opcode, std::string payload) {
    return ServerCall{name, ServerKind::misuse,
                      [=](const ServerConnection& one, WebSocketServer&) {
                        return one.send(opcode, wire_bytes(payload)).error();
                      },
                      "", error};
  };
  const auto close_row = [](const char* name, Errc error, CloseCode code, std::string reason) {
    return ServerCall{
        name, ServerKind::misused_close,
        [=](const ServerConnection& one, WebSocketServer&) { return one.close(code, reason); }, "",
        error};
  };
  const std::string longest(126, 'x');
  return {
      send_row("ServerConnection::send of no UTF-8", Errc::invalid_text, Opcode::text, "\xFF"),
      send_row("ServerConnection::send of a long ping", Errc::control_too_long, Opcode::ping,
               longest),
      send_row("ServerConnection::send of a long pong", Errc::control_too_long, Opcode::pong,
               longest),
      send_row("ServerConnection::send of a Close", Errc::unsupported_frame, Opcode::close, "x"),
      send_row("ServerConnection::send of a reserved opcode", Errc::unsupported_frame, Opcode{3},
               "x"),
      send_row("ServerConnection::send of a continuation", Errc::no_message_under_way,
               Opcode::continuation, "x"),
      close_row("ServerConnection::close with 1005", Errc::close_code_not_allowed,
                CloseCode::no_status_received, ""),
      close_row("ServerConnection::close with a long reason", Errc::control_too_long,
                CloseCode::normal, longest),
      {"WebSocketServer::publish of no UTF-8", ServerKind::misused_publish,
       [](auto&, auto& server) { return server.publish("news", "\xFF"); }, "", Errc::invalid_text},
      {"WebSocketServer::stop with 1005", ServerKind::misused_stop,
       [](auto&, auto& server) {
         return code_thrown_by([&] { server.stop(CloseCode::no_status_received); });
       },
       "", Errc::close_code_not_allowed},
  };
}

std::vector<ServerCall> all_server_calls() {
  std::vector<ServerCall> all = connection_calls();
  for (const auto& more : {server_calls(), server_misuses()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

bool has_its_connection(CallState state) {
  return state >= CallState::open && state <= CallState::peer_closed;
}
bool sends_to_client(CallState state) {
  return state == CallState::open || state == CallState::backlog || state == CallState::full;
}

/// The outcome of a call in a state, the same from every place.
std::error_code expected_of_server(const ServerCall& call, CallState state) {
  switch (call.kind) {
    case ServerKind::stops:
      return {};
    case ServerKind::misused_close:
      return state == CallState::without_run ? Errc::not_open : call.misuse;
    case ServerKind::misused_stop:
    case ServerKind::misused_publish:
      return call.misuse;
    case ServerKind::publishes:
      return state == CallState::over ? Errc::not_open : std::error_code();
    case ServerKind::misuse:
      return has_its_connection(state) ? call.misuse : Errc::not_open;
    case ServerKind::quiet:
    case ServerKind::cuts:
      return has_its_connection(state) ? std::error_code() : Errc::not_open;
    case ServerKind::closes:
      return sends_to_client(state) ? std::error_code() : Errc::not_open;
    default:
      if (!sends_to_client(state)) return Errc::not_open;
      return state == CallState::full ? Errc::send_queue_full : std::error_code();
  }
}

/// A documented difference of another thread: what it hands over may come too late.
bool comes_too_late(ServerKind kind, CallState state, Place place) {
  const bool is_handed_over =
      kind == ServerKind::message || kind == ServerKind::ping || kind == ServerKind::closes;
  const bool is_ending = state == CallState::closing || state == CallState::peer_closed;
  return place == Place::other_thread && is_handed_over && is_ending;
}

using ServerCell = std::tuple<ServerCall, CallState>;

class ServerCalls : public ::testing::TestWithParam<ServerCell> {};
std::string server_cell_name(const ::testing::TestParamInfo<ServerCell>& cell) {
  return test_name(std::get<0>(cell.param).name) + "__" + name_of(std::get<1>(cell.param));
}
INSTANTIATE_TEST_SUITE_P(Table, ServerCalls,
                         ::testing::Combine(::testing::ValuesIn(all_server_calls()),
                                            ::testing::Values(CallState::without_run,
                                                              CallState::open, CallState::backlog,
                                                              CallState::full, CallState::closing,
                                                              CallState::peer_closed,
                                                              CallState::ended, CallState::over)),
                         server_cell_name);

bool sends_messages(ServerKind kind) {
  return kind == ServerKind::message || kind == ServerKind::ping || kind == ServerKind::publishes;
}

/// Each accepted message has arrived once, or is told as lost, and all counters say the same.
void expect_server_balance(const ServerCall& call, CallState state, Place place,
                           const ServerAftermath& after) {
  const bool is_late = comes_too_late(call.kind, state, place);
  const bool is_skipped =
      call.kind == ServerKind::publishes && (!sends_to_client(state) || state == CallState::full);
  const bool is_accepted = sends_messages(call.kind) && !*after.outcome && !is_skipped;
  const bool is_lost = is_accepted && is_late;
  const std::vector<std::string> expected =
      is_accepted && !is_lost ? std::vector{call.payload} : std::vector<std::string>();
  EXPECT_EQ(after.got, expected);
  const std::size_t accepted = after.filler_bytes + (is_accepted ? call.payload.size() : 0);
  EXPECT_EQ(after.got_bytes + after.lost, accepted);
  EXPECT_EQ(after.lost, is_lost ? call.payload.size() : 0U);
  EXPECT_EQ(after.stats.unsent_at_close, after.lost);
  EXPECT_EQ(after.stats.messages_out, after.got_messages);
  EXPECT_EQ(after.stats.send_queue, 0U);
  const bool is_refused = state == CallState::full && sends_messages(call.kind);
  EXPECT_EQ(after.stats.refused.send_queue, is_refused ? 1U : 0U);
  if (is_accepted && call.kind != ServerKind::publishes) {
    EXPECT_GE(after.buffered_after, after.buffered_before + call.payload.size());
  } else if (call.kind == ServerKind::message || call.kind == ServerKind::misuse) {
    EXPECT_LE(after.buffered_after, after.buffered_before) << "nothing was kept";
  }
}

TEST_P(ServerCalls, has_one_outcome_at_every_place) {
  const auto& [call, state] = GetParam();
  for (const Place place : places_of_server(state)) {
    SCOPED_TRACE(name_of(place));
    const ServerAftermath after = call_on_server(state, place, call.make);
    ASSERT_TRUE(after.outcome) << "the place was not reached";
    const bool is_late = comes_too_late(call.kind, state, place);
    EXPECT_EQ(*after.outcome, is_late ? std::error_code() : expected_of_server(call, state));
    EXPECT_EQ(after.closes, after.has_run ? 1 : 0) << "on_close, once";
    if (call.kind != ServerKind::cuts) expect_server_balance(call, state, place, after);
  }
}

}  // namespace
}  // namespace wirespan::test
