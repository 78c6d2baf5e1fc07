// session_option_rows_test.cpp - every option of SessionOptions and SendHow, with what its comment
// says of its values.
#include "options/rows.hpp"
#include "options/session_pair.hpp"
#include <wirespan/net/protocol_pool.hpp>

namespace wirespan::test::session_option_rows {
namespace {

using Options = net::SessionOptions;

/// Ten echoes, an hour, the closing handshake.
std::string life_of(const Options& options) {
  SessionPair pair(options);
  pair.tested.echoes = true;
  for (int i = 0; i < 10; ++i) (void)pair.peer.session.send(Opcode::text, wire_bytes("question"));
  pair.exchange();
  pair.pass(1h, false);
  const std::string text = std::to_string(pair.peer.seen_by_owner.size()) + " echoes, ";
  if (pair.tested.session.over()) return text + pair.end();
  const std::error_code error = pair.tested.session.close(CloseCode::normal, "");
  pair.exchange();
  return text + (error ? error.message() : pair.tested.session.failure().message());
}

/// An hour with a peer that is silent.
std::string silent_peer(const Options& options) {
  SessionPair pair(options);
  pair.pass(1h, true);
  return pair.end();
}

/// The peer does not answer our Close.
std::string unanswered_close(const Options& options) {
  SessionPair pair(options);
  (void)pair.tested.session.close(CloseCode::normal, "");
  pair.tested.session.settle(pair.now);
  pair.pass(1h, true);
  return pair.end();
}

/// A client after both Close frames, whose server does not end the stream.
std::string stream_that_stays(const Options& options) {
  SessionPair pair(options, Role::client);
  (void)pair.tested.session.close(CloseCode::normal, "");
  pair.exchange();
  pair.pass(1h, true);
  return pair.end();
}

/// A message of which 100 bytes are missing for an hour, and a byte comes every ten minutes.
std::string slow_message(const Options& options) {
  SessionPair pair(options);
  (void)pair.peer.session.send(Opcode::binary, ByteVector(200));
  ByteVector wire = pair.peer.take(SIZE_MAX, pair.now);
  pair.tested.give(ByteVector(wire.begin(), wire.begin() + 100), pair.now);
  for (std::size_t i = 100; i < 106 && !pair.tested.session.over(); ++i) {
    pair.pass(10min, true);
    pair.tested.give({wire[i]}, pair.now);
  }
  return pair.end();
}

/// 20 messages of 1,000 bytes of which the kernel takes 100 bytes at once; then all is read.
std::string backlog(const Options& options) {
  SessionPair pair(options);
  int accepted = 0;
  (void)pair.tested.session.send(Opcode::text, wire_bytes(std::string(1'000, 'x')));
  (void)pair.tested.take(100, pair.now);
  for (int i = 0; i < 20; ++i) {
    const auto error = pair.tested.session.send(Opcode::text, wire_bytes(std::string(1'000, 'x')));
    accepted += error ? 0 : 1;
  }
  while (!pair.tested.take(100, pair.now).empty()) {
  }
  return std::to_string(accepted) + " accepted, " + std::to_string(pair.tested.drains) + " drains" +
         (pair.tested.session.state() == State::open ? "" : ", closed");
}

/// Says how many bytes are held when the session is drained of 20 messages of 1,000 bytes.
std::string held_at_drain(Options options) {
  options.send_high_watermark = 10'000;
  SessionPair pair(options);
  for (int i = 0; i < 20; ++i) {
    (void)pair.tested.session.send(Opcode::text, wire_bytes(std::string(1'000, 'x')));
    (void)pair.tested.take(0, pair.now);
  }
  while (!pair.tested.take(100, pair.now).empty()) {
  }
  const std::size_t held = pair.tested.held_at_drain;
  if (pair.tested.drains != 1 || held > options.send_low_watermark) return "BROKEN";
  return held == 0 ? "nothing" : "no more than that";
}

std::string backlog_of_the_budget(const Options& options, std::size_t limit) {
  net::SendBudget budget(limit);
  Options own = options;
  own.budget = &budget;
  return backlog(own);
}

/// Whether a peer is read that leaves 20,000 bytes unread.
std::string reading(Options options) {
  options.send_high_watermark = 1'000;
  options.send_low_watermark = 100;
  SessionPair pair(options);
  pair.tested.echoes = true;
  for (int i = 0; i < 20; ++i) {
    (void)pair.peer.session.send(Opcode::text, wire_bytes(std::string(1'000, 'x')));
    pair.tested.give(pair.peer.take(SIZE_MAX, pair.now), pair.now);
    (void)pair.tested.take(i == 0 ? 10 : 0, pair.now);
  }
  return pair.tested.seen_by_owner.size() == 20 ? "all is read" : "reading is held";
}

/// The pings in a minute, with one every 10 s that has to be answered within 5 s.
std::string pings(Options options) {
  options.keep_alive = {.interval = 10s, .timeout = 5s};
  SessionPair pair(options);
  pair.pass(61s, false);
  return std::to_string(pair.peer.pings) + " pings, " + pair.end();
}

/// A silent peer whose time-out runs from the latest output of ours, or does not.
std::string idle_with_output(Options options) {
  options.idle_time = 10s;
  SessionPair pair(options);
  for (int i = 0; i < 5; ++i) {
    (void)pair.tested.session.send(Opcode::text, wire_bytes("news"));
    (void)pair.tested.take(SIZE_MAX, pair.now);
    pair.pass(4s, true);
  }
  return pair.end();
}

const std::string fine = "10 echoes, Success";

const OptionRow<Options> rows[] = {
    {OPTION(keep_alive),
     CoveredBy{"KeepAlive.R112_the_first_ping_is_due_after_one_interval_and_then_one_each"}},
    {OPTION(ping_payload),
     pings,
     {{"", "6 pings, goes on"},
      {std::string(125, 'p'), "6 pings, goes on"},
      {std::string(126, 'p'), "0 pings, control frame payload above 125 bytes after 10 s"}}},
    {OPTION(match_pongs),
     [](Options o) {
       o.ping_payload.assign(limits::numbered_ping_payload, 'p');
       return pings(o);
     },
     {{false, "6 pings, goes on"}, {true, "6 pings, goes on"}}},
    {OPTION(close_time),
     unanswered_close,
     {{long_ago, "the closing handshake took too long after 0 ms"},
      {0ms, "the closing handshake took too long after 0 ms"},
      {1ms, "the closing handshake took too long after 1 ms"},
      {3s, "the closing handshake took too long after 3 s"},
      {for_ever, "goes on"}}},
    {OPTION(peer_close_time),
     stream_that_stays,
     {{long_ago, "ended well after 0 ms"},
      {0ms, "ended well after 0 ms"},
      {1ms, "ended well after 1 ms"},
      {20ms, "ended well after 20 ms"},
      {for_ever, "goes on"}}},
    {OPTION(idle_time),
     silent_peer,
     {{std::nullopt, "goes on"},
      {long_ago, "the peer was silent for too long after 0 ms"},
      {0ms, "the peer was silent for too long after 0 ms"},
      {1ms, "the peer was silent for too long after 1 ms"},
      {10s, "the peer was silent for too long after 10 s"},
      {for_ever, "goes on"}}},
    {OPTION(idle_ignores_output),
     idle_with_output,
     {{false, "goes on"}, {true, "the peer was silent for too long after 10 s"}}},
    {OPTION(progress_time),
     slow_message,
     {{std::nullopt, "goes on"},
      {long_ago, "receive rate below the minimum after 0 ms"},
      {0ms, "receive rate below the minimum after 0 ms"},
      {1ms, "receive rate below the minimum after 1 ms"},
      {30s, "receive rate below the minimum after 30 s"},
      {for_ever, "goes on"}}},
    {OPTION(progress_bytes),
     [](Options o) {
       o.progress_time = 11min;
       return slow_message(o);
     },
     {{0, "goes on"},
      {1, "goes on"},
      {2, "receive rate below the minimum after 660 s"},
      {limits::progress_bytes, "receive rate below the minimum after 660 s"},
      {most, "receive rate below the minimum after 660 s"}}},
    {OPTION(send_high_watermark),
     backlog,
     {{0, "20 accepted, 1 drains"},
      {1, "20 accepted, 1 drains"},
      {limits::send_high_watermark, "20 accepted, 0 drains"},
      {most, "20 accepted, 0 drains"}}},
    {OPTION(send_low_watermark),
     held_at_drain,
     {{0, "nothing"},
      {1, "nothing"},
      {5'000, "no more than that"},
      {limits::send_low_watermark, "no more than that"},
      {most, "no more than that"}}},
    {OPTION(send_hard_limit),
     backlog,
     {{0, "0 accepted, 1 drains"},
      {1, "0 accepted, 1 drains"},
      {10'000, "9 accepted, 1 drains"},
      {limits::send_hard_limit, "20 accepted, 0 drains"},
      {most, "20 accepted, 0 drains"}}},
    {OPTION(overflow),
     [](Options o) {
       o.send_hard_limit = 10'000;
       return backlog(o);
     },
     {{net::Overflow::refuse, "9 accepted, 1 drains"},
      {net::Overflow::drop_oldest, "20 accepted, 0 drains"},
      {net::Overflow::close, "9 accepted, 0 drains, closed"}}},
    {OPTION(budget),
     [](const Options& o) {
       return backlog(o) + "; " + backlog_of_the_budget(o, 0) + "; " +
              backlog_of_the_budget(o, 10'000) + "; " + backlog_of_the_budget(o, most);
     },
     {{nullptr,
       "20 accepted, 0 drains; 0 accepted, 0 drains; 9 accepted, 1 drains; 20 accepted, 0 "
       "drains"}}},
    {OPTION(hold_reading), reading, {{false, "all is read"}, {true, "reading is held"}}},
    {OPTION(connections),
     life_of,
     {{nullptr, fine}},
     CoveredBy{"ProtocolPool.lends_the_one_that_came_back_last"}},
};

WIRESPAN_OPTION_TABLE(SessionOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::session_option_rows

namespace wirespan::test::send_how_rows {
namespace {

using Options = net::SendHow;

/// A message sent so, behind a backlog, and then another one of that kind: the outcomes, and what
/// the peer gets.
std::string sent(const Options& how) {
  SessionPair pair({.send_hard_limit = 200});
  (void)pair.tested.session.send(Opcode::text, wire_bytes("first"));
  (void)pair.tested.take(2, pair.now);
  std::string text;
  for (const char* payload : {"a", "b"}) {
    const auto error = pair.tested.session.send(Opcode::text, wire_bytes(payload), how);
    text += error ? error.message() + ", " : "sent, ";
  }
  (void)pair.tested.take(SIZE_MAX, pair.now);
  return text + std::to_string(pair.tested.session.take_conflated()) + " replaced";
}

/// A message above the hard limit.
std::string above_the_limit(const Options& how) {
  SessionPair pair({.send_hard_limit = 10});
  (void)pair.tested.session.send(Opcode::text, wire_bytes("first"));
  (void)pair.tested.take(2, pair.now);
  const auto error = pair.tested.session.send(Opcode::text, wire_bytes(std::string(100, 'x')), how);
  return error ? error.message() : "sent";
}

const std::string longest_key(limits::conflation_key, 'k');
const std::string longer_key(limits::conflation_key + 1, 'k');

const OptionRow<Options> rows[] = {
    {OPTION(fin),
     sent,
     {{true, "sent, sent, 0 replaced"},
      {false, "sent, the previous message is not finished, 0 replaced"}}},
    {OPTION(compress),
     sent,
     {{Compress::if_agreed, "sent, sent, 0 replaced"},
      {Compress::never, "sent, sent, 0 replaced"}}},
    {OPTION(admission),
     above_the_limit,
     {{net::Admission::ask, "too many unsent bytes"}, {net::Admission::granted, "sent"}}},
    {OPTION(key),
     sent,
     {{"", "sent, sent, 0 replaced"},
      {"k", "sent, sent, 1 replaced"},
      {longest_key, "sent, sent, 1 replaced"},
      {longer_key,
       "conflation key above 1024 bytes, conflation key above 1024 bytes, 0 replaced"}}},
};

WIRESPAN_OPTION_TABLE(SendHowRows, rows);

}  // namespace
}  // namespace wirespan::test::send_how_rows
