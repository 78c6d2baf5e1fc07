// core_option_rows_test.cpp - every option of the aggregates of core, with what its comment says of
// its values.
#include <array>
#include <climits>

#include "options/life.hpp"
#include "options/rows.hpp"
#include "support/conversation.hpp"
#include <wirespan/core/http_head.hpp>
#include <wirespan/core/keep_alive.hpp>

namespace wirespan::test::head_limit_rows {
namespace {

using Options = HeadLimits;

/// The outcome for a request of 51 bytes, with a target of 5 bytes and 2 fields.
std::string parsed(const Options& limits) {
  const std::string_view head = "GET /abcd HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n";
  std::array<HeaderField, limits::head_fields> fields;
  const auto result = parse_request_head(wire_bytes(head), fields, 0, limits);
  return result.status == ParseStatus::complete ? "complete" : result.error.message();
}

const std::string too_long = make_error_code(Errc::head_too_long).message();
const std::string too_many = make_error_code(Errc::too_many_fields).message();
const std::string long_target = make_error_code(Errc::target_too_long).message();

const OptionRow<Options> rows[] = {
    {OPTION(size),
     parsed,
     {{0, too_long},
      {1, too_long},
      {50, too_long},
      {51, "complete"},
      {limits::head_size, "complete"},
      {most, "complete"}}},
    {OPTION(fields),
     parsed,
     {{0, too_many},
      {1, too_many},
      {2, "complete"},
      {limits::head_fields, "complete"},
      {most, "complete"}},
     CoveredBy{"HttpHead.the_callers_array_may_be_the_narrower_limit"}},
    {OPTION(target),
     parsed,
     {{0, long_target},
      {1, long_target},
      {4, long_target},
      {5, "complete"},
      {limits::request_target_size, "complete"},
      {most, "complete"}}},
};

WIRESPAN_OPTION_TABLE(HeadLimitRows, rows);

}  // namespace
}  // namespace wirespan::test::head_limit_rows

namespace wirespan::test::receive_option_rows {
namespace {

using Options = ReceiveOptions;

/// The events of a client that gets an empty text, one of one byte, one of 100 bytes, and one in
/// two fragments.
std::string events(const Options& options) {
  Conversation client(Role::client, {.receive = options});
  ByteVector wire;
  const auto add = [&wire](unsigned first, std::string_view payload) {
    const ByteVector one = frame(first, wire_bytes(payload));
    wire.insert(wire.end(), one.begin(), one.end());
  };
  add(0x81, "");
  add(0x81, "1");
  add(0x81, std::string(100, 'x'));
  add(0x01, "a");
  add(0x80, "b");
  client.receive(wire);
  const auto& events = client.events();
  const bool has_failed = !events.empty() && events.back().starts_with("failed");
  return std::to_string(events.size() - (has_failed ? 1 : 0)) + " events" +
         (has_failed ? ", " + events.back() : "");
}

/// The event of a text that is not UTF-8.
std::string bad_text(const Options& options) {
  Conversation client(Role::client, {.receive = options});
  client.receive(frame(0x81, wire_bytes("\xFF")));
  return client.events().at(0);
}

/// The first event of a message in two fragments.
std::string first_of_two(const Options& options) {
  Conversation client(Role::client, {.receive = options});
  client.receive(frame(0x01, wire_bytes("a")));
  client.receive(frame(0x80, wire_bytes("b")));
  return client.events().at(0);
}

const std::string too_big = ", " + seen::failed(Errc::message_too_big);
const std::string too_many = ", " + seen::failed(Errc::too_many_fragments);

const OptionRow<Options> rows[] = {
    {OPTION(max_message_size),
     events,
     {{0, "1 events" + too_big},
      {1, "2 events" + too_big},
      {99, "2 events" + too_big},
      {100, "4 events"},
      {limits::message_size, "4 events"},
      {most, "4 events"}}},
    {OPTION(max_fragments),
     events,
     {{0, "0 events" + too_many},
      {1, "3 events" + too_many},
      {2, "4 events"},
      {limits::message_fragments, "4 events"},
      {most32, "4 events"}}},
    {OPTION(max_pings_per_second),
     [](const Options& o) {
       Life life;
       life.server.max_pings_per_second = o.max_pings_per_second;
       return live(life, RunOptions{.proxy_from_environment = false}).story;
     },
     {{0, "6 echoes, a pong, closed by the server 1008"},
      {1, works},
      {limits::pings_per_second, works},
      {most32, works}}},
    {OPTION(validate_utf8),
     bad_text,
     {{true, seen::failed(Errc::invalid_utf8)}, {false, seen::text("\xFF")}}},
    {OPTION(deliver_fragments),
     first_of_two,
     {{false, seen::text("ab")}, {true, seen::fragment(Opcode::text, wire_bytes("a"), false)}}},
};

WIRESPAN_OPTION_TABLE(ReceiveOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::receive_option_rows

namespace wirespan::test::connection_option_rows {
namespace {

using Options = ConnectionOptions;

/// Lets a client send the text, and says the outcome.
std::string sent(const Options& options, std::string_view text) {
  Connection client(Role::client, options);
  const std::error_code error = client.send(Opcode::text, wire_bytes(text));
  return error ? error.message() : "sent";
}

bool fixed_key(void*, MaskKey& key) noexcept {
  key = {};
  return true;
}
bool no_key(void*, MaskKey&) noexcept { return false; }

const std::string without_key = make_error_code(Errc::no_mask_key).message();

const OptionRow<Options> rows[] = {
    {OPTION(receive), CoveredBy{"ReceiveOptionRows.each_value_does_what_its_comment_says"}},
    {OPTION(validate_sent_text),
     [](Options o) {
       o.mask_source = {.next = fixed_key};
       return sent(o, "\xFF");
     },
     {{true, make_error_code(Errc::invalid_text).message()}, {false, "sent"}}},
    {OPTION(mask_source),
     [](const Options& o) { return sent(o, "text"); },
     {{{}, without_key}, {{.next = fixed_key}, "sent"}, {{.next = no_key}, without_key}}},
    {OPTION(blocks), CoveredBy{"ConnectionAllocation.every_one_may_fail_and_nothing_leaks"}},
};

WIRESPAN_OPTION_TABLE(ConnectionOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::connection_option_rows

namespace wirespan::test::keep_alive_option_rows {
namespace {

using Options = KeepAlive::Options;

std::string text_of(KeepAliveAction action) {
  return action == KeepAliveAction::send_ping ? "ping"
         : action == KeepAliveAction::none    ? "-"
                                              : "gone";
}

/// The actions within 100 s for a peer that never answers, each with its second.
std::string unanswered_pings(const Options& options) {
  TimePoint now{1h};
  const TimePoint begin = now;
  KeepAlive keep_alive(options, now);
  std::string text;
  for (int i = 0; i < 3; ++i) {
    const auto next = keep_alive.next_deadline();
    if (!next || *next > begin + 100s) return text + "quiet";
    now = std::max(now, *next);
    const KeepAliveAction action = keep_alive.tick(now);
    text += text_of(action) + " " +
            std::to_string(std::chrono::duration_cast<Ms>(now - begin).count()) + " ";
    if (action == KeepAliveAction::peer_is_gone) return text;
  }
  return text + "...";
}

const OptionRow<Options> rows[] = {
    {OPTION(interval),
     unanswered_pings,
     {{long_ago, "quiet"},
      {0ms, "quiet"},
      {1ms, "ping 1 ping 2 ping 3 ..."},
      {60s, "ping 60000 quiet"},
      {for_ever, "quiet"}}},
    {OPTION(timeout),
     [](Options o) {
       o.interval = 30s;
       return unanswered_pings(o);
     },
     {{std::nullopt, "ping 30000 ping 60000 ping 90000 ..."},
      {long_ago, "ping 30000 gone 30000 "},
      {0ms, "ping 30000 gone 30000 "},
      {1ms, "ping 30000 gone 30001 "},
      {30s, "ping 30000 gone 60000 "},
      {45s, "ping 30000 ping 60000 gone 75000 "},
      {for_ever, "ping 30000 ping 60000 ping 90000 ..."}}},
    {OPTION(only_pongs_count),
     [](Options o) {
       o.interval = 30s;
       o.timeout = 10s;
       KeepAlive keep_alive(o, TimePoint{});
       (void)keep_alive.tick(TimePoint{30s});
       keep_alive.on_life();
       return text_of(keep_alive.tick(TimePoint{40s}));
     },
     {{false, "-"}, {true, "gone"}}},
};

WIRESPAN_OPTION_TABLE(KeepAliveOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::keep_alive_option_rows
