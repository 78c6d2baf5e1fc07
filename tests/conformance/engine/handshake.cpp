// handshake.cpp - opening handshakes of the suite, ordinary or as a case prescribes.
#include "engine/handshake.hpp"

#include <algorithm>

namespace conformance {
namespace {

constexpr milliseconds handshake_time{5000};
constexpr milliseconds refusal_time{2000};
constexpr std::size_t longest_head = std::size_t{64} << 10;

enum class HeadEnd : std::uint8_t { complete, ended, late };

struct HeadRead {
  HeadEnd end = HeadEnd::late;
  std::optional<HttpHead> head;
  Octets raw;
  Octets early;
};

HeadRead read_head(Link& link, Clock::time_point deadline) {
  HeadRead out;
  for (;;) {
    const Io how = link.read(out.raw);
    const auto end = out.raw.find("\r\n\r\n");
    if (end != std::string::npos) {
      out.early = out.raw;
      out.head = take_head(out.early);
      out.raw.resize(end + 4);
      out.end = HeadEnd::complete;
      return out;
    }
    if (how == Io::ended || how == Io::broken || out.raw.size() > longest_head) {
      out.end = HeadEnd::ended;
      return out;
    }
    if (how == Io::again) {
      if (Clock::now() >= deadline) return out;
      link.wait(false, deadline);
    }
  }
}

std::optional<std::string> response_defect(const HttpHead& head, const std::string& key) {
  if (head.status() != 101) return "the status line is: " + head.start_line;
  if (lower_case(head.field("upgrade").value_or("")) != "websocket") return "Upgrade is wrong";
  if (!head.has_token("connection", "upgrade")) return "Connection is wrong";
  if (head.count("sec-websocket-accept") != 1) return "not one Sec-WebSocket-Accept";
  if (head.field("sec-websocket-accept") != accept_for(key)) return "Sec-WebSocket-Accept is wrong";
  if (head.count("sec-websocket-extensions") > 1) return "more than one Sec-WebSocket-Extensions";
  if (head.count("sec-websocket-protocol") != 0) return "a subprotocol that was not offered";
  return std::nullopt;
}

void note_failure(const HeadRead& read, Facts& facts) {
  facts.handshake_timed_out = read.end == HeadEnd::late;
  facts.refused_by_drop = read.end == HeadEnd::ended;
  facts.handshake_defect = read.end == HeadEnd::late ? "no answer in time" : "no answer";
}

/// Reads the server's extensions into the outcome; a defect goes into `facts`.
HandshakeOutcome read_agreement(const Plan& plan, const HttpHead& head, Facts& facts) {
  const auto field = head.field("sec-websocket-extensions").value_or("");
  auto answer = read_answer(field, plan.deflate && !plan.deflate->offer.empty());
  if (const auto* defect = std::get_if<std::string>(&answer)) {
    facts.handshake_defect = *defect;
    return {};
  }
  if (plan.handshake && plan.handshake->extension_defect) {
    facts.handshake_defect = plan.handshake->extension_defect(field).value_or("");
  }
  facts.handshake_done = true;
  return {.open = true, .early = {}, .deflate = std::get<Agreement>(answer).terms};
}

/// A client that refuses an answer must end the connection without sending anything.
void watch_refusal(Link& link, double time_scale, Facts& facts) {
  const auto deadline = deadline_in(refusal_time, time_scale);
  Octets input;
  for (;;) {
    const Io how = link.read(input);
    facts.spoke_after_refusal = !input.empty();
    if (how == Io::ended || how == Io::broken || facts.spoke_after_refusal) return;
    facts.handshake_timed_out = Clock::now() >= deadline;
    if (facts.handshake_timed_out) return;
    if (how == Io::again) link.wait(false, deadline);
  }
}

}  // namespace

Clock::time_point deadline_in(milliseconds time, double scale) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double, std::milli>(time) * scale);
}

bool write_all(Link& link, std::string_view octets, std::size_t chop, Clock::time_point deadline) {
  while (!octets.empty()) {
    std::size_t written = 0;
    const Io how = link.write(octets.substr(0, chop == 0 ? octets.size() : chop), written);
    if (how == Io::broken || how == Io::ended || Clock::now() >= deadline) return false;
    octets.remove_prefix(written);
    if (how == Io::again) link.wait(true, deadline);
  }
  return true;
}

Octets ordinary_request(const HandshakeFacts& facts) {
  Octets out = "GET " + facts.target +
               " HTTP/1.1\r\nUser-Agent: wirespan-conformance\r\nHost: " + facts.host +
               "\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nPragma: no-cache\r\n"
               "Cache-Control: no-cache\r\nSec-WebSocket-Key: " +
               facts.key + "\r\n";
  if (!facts.extensions.empty()) out += "Sec-WebSocket-Extensions: " + facts.extensions + "\r\n";
  return out + "Sec-WebSocket-Version: 13\r\n\r\n";
}

Octets ordinary_response(const HandshakeFacts& facts) {
  Octets out =
      "HTTP/1.1 101 Switching Protocols\r\nServer: wirespan-conformance\r\n"
      "Upgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
      accept_for(facts.key) + "\r\n";
  if (!facts.extensions.empty()) out += "Sec-WebSocket-Extensions: " + facts.extensions + "\r\n";
  return out + "\r\n";
}

HandshakeOutcome open_as_client(Link& link, const Plan& plan, HandshakeFacts known,
                                double time_scale, Facts& facts) {
  known.key = random_websocket_key();
  if (plan.deflate) known.extensions = plan.deflate->offer;
  const HandshakePlan* own = plan.handshake ? &*plan.handshake : nullptr;
  const bool special = own != nullptr && own->head;
  const Octets request = special ? own->head(known) : ordinary_request(known);
  facts.request = request;
  const bool refusal = own != nullptr && own->refusal;
  const auto deadline = deadline_in(refusal ? refusal_time : handshake_time, time_scale);
  // The result is ignored: a server that refuses an unfinished request may have answered all the
  // same.
  write_all(link, request, own != nullptr ? own->chop : 0, deadline);
  auto read = read_head(link, deadline);
  facts.response = read.raw;
  if (!read.head) {
    note_failure(read, facts);
    return {};
  }
  facts.refusal_status = read.head->status();
  if (refusal) {
    facts.handshake_done = facts.refusal_status == 101;
    return {};
  }
  if (auto defect = response_defect(*read.head, known.key)) {
    facts.handshake_defect = std::move(*defect);
    return {};
  }
  HandshakeOutcome outcome = read_agreement(plan, *read.head, facts);
  outcome.early = std::move(read.early);
  return outcome;
}

std::optional<ClientRequest> read_request(Link& link, double time_scale) {
  auto read = read_head(link, deadline_in(handshake_time, time_scale));
  if (!read.head) return std::nullopt;
  return ClientRequest{std::move(*read.head), std::move(read.raw), std::move(read.early)};
}

std::optional<std::string> request_defect(const HttpHead& head) {
  if (!head.start_line.starts_with("GET ") || !head.start_line.ends_with(" HTTP/1.1")) {
    return "the request line is: " + head.start_line;
  }
  if (head.count("host") != 1) return "not one Host";
  if (!head.has_token("upgrade", "websocket")) return "Upgrade is wrong";
  if (!head.has_token("connection", "upgrade")) return "Connection is wrong";
  if (head.field("sec-websocket-version") != "13") return "Sec-WebSocket-Version is wrong";
  if (head.count("sec-websocket-key") != 1) return "not one Sec-WebSocket-Key";
  const auto key = head.field("sec-websocket-key").value_or("");
  if (key.size() != 24 || !key.ends_with("==")) return "Sec-WebSocket-Key is not 16 octets";
  return std::nullopt;
}

HandshakeOutcome open_as_server(Link& link, const Plan& plan, const ClientRequest& request,
                                double time_scale, Facts& facts) {
  facts.request = request.raw;
  HandshakeFacts known{.host = {},
                       .target = {},
                       .key = request.head.field("sec-websocket-key").value_or(""),
                       .extensions = {}};
  Agreement agreement;
  const auto offers = request.head.field("sec-websocket-extensions").value_or("");
  if (plan.deflate) agreement = choose(offers, *plan.deflate);
  known.extensions = agreement.answer;
  const HandshakePlan* own = plan.handshake ? &*plan.handshake : nullptr;
  facts.response = own != nullptr && own->head ? own->head(known) : ordinary_response(known);
  const bool sent = write_all(link, facts.response, own != nullptr ? own->chop : 0,
                              deadline_in(handshake_time, time_scale));
  if (own != nullptr && own->refusal) {
    watch_refusal(link, time_scale, facts);
    return {};
  }
  facts.handshake_done = sent;
  if (!sent) facts.handshake_defect = "the client went away during the handshake";
  return {.open = sent, .early = request.early, .deflate = agreement.terms};
}

}  // namespace conformance
