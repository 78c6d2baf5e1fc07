// conversation.cpp - the poll loop, the time limits and the end of a connection.
#include "engine/conversation.hpp"

#include <algorithm>

namespace conformance {
namespace {

// Time for the answer to a Close frame, and for the server's end of TCP after it.
constexpr milliseconds close_answer_time{1000};
constexpr milliseconds drop_time{1000};
constexpr milliseconds longest_poll{1000};

std::optional<DeflateSide> peer_side(const ConversationOptions& options) {
  if (!options.deflate) return std::nullopt;
  return options.role == Role::client ? options.deflate->server : options.deflate->client;
}

DeflateSide own_side(const ConversationOptions& options) {
  return options.role == Role::client ? options.deflate->client : options.deflate->server;
}

}  // namespace

Conversation::Conversation(Link& link, const Plan& plan, const ConversationOptions& options,
                           Facts& facts, Log& log)
    : link_(link),
      plan_(plan),
      options_(options),
      facts_(facts),
      log_(log),
      frames_(options.role, options.deflate.has_value()),
      messages_(peer_side(options)),
      start_(Clock::now()),
      last_write_(start_) {
  if (options.deflate) compressor_ = std::make_unique<Compressor>(own_side(options));
}

void Conversation::run(Octets early) {
  if (plan_.deflate) {
    facts_.no_deflate = plan_.deflate->required && !options_.deflate;
    facts_.no_context =
        plan_.deflate->needs_context && options_.deflate && own_side(options_).no_context_takeover;
  }
  if (facts_.no_deflate || facts_.no_context) {
    begin_close(close_payload(1000));
    step_ = plan_.script.size();
  }
  frames_.feed(early);
  take_input();
  while (!gone_) {
    advance();
    flush();
    if (gone_) break;
    const bool more_to_do = output_.empty() && !blocked(Clock::now());
    if (!more_to_do) link_.wait(!output_.empty(), next_deadline());
    Octets input;
    const Io how = link_.read(input);
    facts_.octets_in += input.size();
    frames_.feed(input);
    take_input();
    if (how == Io::ended || how == Io::broken) note_end_of_input(how);
    check_timers();
  }
  summarise();
}

void Conversation::note_end_of_input(Io how) {
  if (!peer_ended_ && !facts_.reaction) {
    facts_.reaction = std::chrono::duration<double, std::milli>(Clock::now() - last_write_).count();
  }
  peer_ended_ = true;
  gone_ = true;
  note(how == Io::ended ? "the peer ended the connection" : "the peer reset the connection");
}

void Conversation::begin_close(Octets payload) {
  send_frame({.opcode = opcode::close, .payload = payload});
  if (close_sent_) return;
  close_sent_ = true;
  facts_.closed_by_suite = !facts_.close_received;
  if (payload.size() >= 2) {
    facts_.local_code = static_cast<std::uint16_t>(from_big_endian(payload.substr(0, 2)));
    facts_.local_reason = payload.substr(2);
  }
  close_limit_.reset();
  if (facts_.closed_by_suite) answer_limit_ = Clock::now() + scaled(close_answer_time);
}

void Conversation::fail(std::uint16_t code, const std::string& why) {
  facts_.failed_by_suite = true;
  kill_limit_.reset();
  note(why);
  if (close_sent_) {
    drop(why);
  } else {
    begin_close(close_payload(code, why));
  }
}

void Conversation::drop(const std::string& why) {
  facts_.dropped_by_suite = true;
  facts_.unclean_reason = why;
  note("the suite drops the connection");
  link_.abort();
  gone_ = true;
}

void Conversation::finish_closing_handshake() {
  answer_limit_.reset();
  kill_limit_.reset();
  if (options_.role == Role::client) {
    drop_limit_ = Clock::now() + scaled(drop_time);
    return;
  }
  if (facts_.closed_by_suite) {
    flush();
    note("the suite resets the connection");
    link_.abort();
    gone_ = true;
    return;
  }
  end_output_wanted_ = true;
  drop_limit_ = Clock::now() + scaled(drop_time);
}

void Conversation::check_timers() {
  const auto now = Clock::now();
  const auto over = [&](const std::optional<Clock::time_point>& limit) {
    return !gone_ && limit && now >= *limit;
  };
  if (over(close_limit_)) {
    close_limit_.reset();
    note("time limit: the suite closes");
    begin_close({});
  }
  if (over(kill_limit_)) fail(1001, "time limit: the suite fails the connection");
  if (over(answer_limit_)) {
    facts_.close_timed_out = true;
    drop("no answer to the Close frame");
  }
  if (over(drop_limit_)) {
    drop_limit_.reset();
    facts_.drop_timed_out = options_.role == Role::client;
    if (options_.role == Role::client) {
      drop("the server did not end TCP");
    } else {
      gone_ = true;
    }
  }
}

void Conversation::summarise() {
  facts_.clean = close_sent_ && facts_.close_received && !facts_.dropped_by_suite;
  if (!facts_.clean && facts_.unclean_reason.empty()) {
    facts_.unclean_reason = "the peer ended TCP without the closing handshake";
  }
  facts_.duration = elapsed();
}

Clock::duration Conversation::scaled(milliseconds time) const {
  return std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double, std::milli>(time) * options_.time_scale);
}

double Conversation::elapsed() const {
  return std::chrono::duration<double, std::milli>(Clock::now() - start_).count();
}

void Conversation::note(std::string what) {
  log_.add({.at = elapsed(), .note = true, .what = std::move(what), .payload = {}});
}

void Conversation::log(bool sent, std::string what, std::string_view payload) {
  log_.add({.at = elapsed(),
            .sent = sent,
            .what = std::move(what),
            .size = payload.size(),
            .payload = Octets(payload.substr(0, Log::kept_payload))});
}

Clock::time_point Conversation::next_deadline() const {
  auto earliest = Clock::now() + longest_poll;
  for (const auto& limit : {close_limit_, kill_limit_, answer_limit_, drop_limit_, wait_end_}) {
    if (limit) earliest = std::min(earliest, *limit);
  }
  return earliest;
}

}  // namespace conformance
