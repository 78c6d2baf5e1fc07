// Group W1.1: requests that a server has to refuse, and some that it must accept. RFC 6455 §4.2.1,
// §4.2.2, RFC 9110 §5, RFC 9112 §2 to §5.
#include <array>

#include "cases/build.hpp"
#include "engine/handshake.hpp"

namespace conformance {
namespace {

using Head = std::function<Octets(const HandshakeFacts&)>;

/// Returns the ordinary request with the first occurrence of `old` replaced.
Head with(Octets old, Octets replacement) {
  return [=](const HandshakeFacts& facts) {
    Octets head = ordinary_request(facts);
    return head.replace(head.find(old), old.size(), replacement);
  };
}

/// Returns the ordinary request with one more field.
Head and_field(Octets field) {
  return [=](const HandshakeFacts& facts) {
    Octets head = ordinary_request(facts);
    return head.insert(head.size() - 2, field + "\r\n");
  };
}

Head without_line(Octets name) {
  return [=](const HandshakeFacts& facts) {
    Octets head = ordinary_request(facts);
    const auto from = head.find("\r\n" + name + ":") + 2;
    return head.erase(from, head.find("\r\n", from) + 2 - from);
  };
}

Head with_key(Octets key) {
  return [=](const HandshakeFacts& facts) {
    HandshakeFacts other = facts;
    other.key = key;
    return ordinary_request(other);
  };
}

struct Refused {
  const char* what;
  Head head;
  std::vector<int> statuses{400};
  bool drop_allowed = false;
};

std::vector<Refused> lines_and_fields() {
  return {
      {"The method is POST", with("GET ", "POST "), {400, 405, 501}},
      {"The method is get, in small letters", with("GET ", "get "), {400, 405, 501}},
      {"The version is HTTP/1.0", with("HTTP/1.1", "HTTP/1.0"), {400, 426, 505}},
      {"The version is HTTP/2.0", with("HTTP/1.1", "HTTP/2.0"), {400, 505}},
      {"No Upgrade field", without_line("Upgrade"), {400, 426}},
      {"Upgrade to another protocol", with("WebSocket", "h2c"), {400, 426}},
      {"No Connection field", without_line("Connection"), {400, 426}},
      {"Connection without the token upgrade",
       with("Connection: Upgrade", "Connection: close"),
       {400, 426}},
      {"No Host field", without_line("Host")},
      {"Two Host fields", and_field("Host: other.example")},
      {"No Sec-WebSocket-Version", without_line("Sec-WebSocket-Version"), {400, 426}},
      {"Sec-WebSocket-Version 8", with("Version: 13", "Version: 8"), {400, 426}},
      {"Sec-WebSocket-Version 14", with("Version: 13", "Version: 14"), {400, 426}},
      {"Sec-WebSocket-Version 13 twice", and_field("Sec-WebSocket-Version: 13"), {400, 426}},
      {"No Sec-WebSocket-Key", without_line("Sec-WebSocket-Key")},
      {"An empty Sec-WebSocket-Key", with_key("")},
      {"A Sec-WebSocket-Key of 15 octets", with_key("AAAAAAAAAAAAAAAAAAAA")},
      {"A Sec-WebSocket-Key of 17 octets", with_key("AAAAAAAAAAAAAAAAAAAAAAA=")},
      {"A Sec-WebSocket-Key that is not base64", with_key("!!!!!!!!!!!!!!!!!!!!!!==")},
      {"Two Sec-WebSocket-Key fields", and_field("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")}};
}

std::vector<Refused> syntax() {
  return {{"A space before the colon of a field", with("Upgrade:", "Upgrade :")},
          {"A field without a name", and_field(": value")},
          {"A line without a colon", and_field("no colon here")},
          {"A field that goes on in the next line", and_field("X-Folded: one\r\n two")},
          {"NUL in a value", and_field(Octets("X-Nul: a\0b", 10))},
          {"A bare carriage return in a value", and_field("X-Return: a\rUpgrade: other")},
          {"Octets that are no HTTP",
           [](const HandshakeFacts&) {
             return Octets(from_hex("16030100")) + "not HTTP at all\r\n\r\n";
           },
           {400},
           true},
          {"A request line of one word",
           [](const HandshakeFacts&) { return Octets("GET\r\n\r\n"); },
           {400},
           true},
          {"A field of a million octets",
           and_field("X-Long: " + Octets(1'000'000, 'a')),
           {400, 413, 431},
           true},
          {"Ten thousand fields",
           [](const HandshakeFacts& facts) {
             Octets head = ordinary_request(facts);
             return head.insert(head.size() - 2, repeated("X-Many: 1\r\n", 110'000));
           },
           {400, 413, 431},
           true},
          {"A target of a million octets",
           [](const HandshakeFacts& facts) {
             HandshakeFacts other = facts;
             other.target = "/" + Octets(1'000'000, 'a');
             return ordinary_request(other);
           },
           {400, 413, 414, 431},
           true}};
}

void add_refused(Cases& out, int number, const Refused& row) {
  add(
      out, "W1.1." + std::to_string(number), std::string(row.what) + ".",
      "The request is refused with a fitting status, without 101.",
      [row] {
        Plan plan;
        plan.handshake = HandshakePlan{.head = row.head,
                                       .statuses = row.statuses,
                                       .refusal = true,
                                       .drop_allowed = row.drop_allowed};
        return plan;
      },
      Roles::suite_is_client);
}

struct Accepted {
  const char* what;
  Head head;
  std::size_t chop = 0;
};

std::vector<Accepted> accepted() {
  return {
      {"The ordinary request, octet by octet", {}, 1},
      {"Field names in capitals", with("Upgrade: WebSocket", "UPGRADE: WEBSOCKET")},
      {"Connection with several tokens",
       with("Connection: Upgrade", "Connection: keep-alive, Upgrade")},
      {"Blanks and tabs around a value", with("Upgrade: WebSocket", "Upgrade: \t websocket \t ")},
      {"Extensions that nobody knows", and_field("Sec-WebSocket-Extensions: x-unknown; a=1, x-b")},
      {"Subprotocols that nobody speaks", and_field("Sec-WebSocket-Protocol: one.unknown, two")},
      {"An empty field", and_field("X-Empty:")},
      {"A request target with a query", with("GET /", "GET /?a=b&c=%20")}};
}

Plan accepted_plan(const Accepted& row) {
  Plan plan = echo({send_text(Octets(hello))}, {text_event(Octets(hello))});
  plan.handshake = HandshakePlan{.head = row.head, .chop = row.chop};
  return plan;
}

void add_accepted(Cases& out, int first) {
  int number = first;
  for (const auto& row : accepted()) {
    add(
        out, "W1.1." + std::to_string(number++), std::string(row.what) + ".",
        "The request is accepted and a message comes back.", [row] { return accepted_plan(row); },
        Roles::suite_is_client);
  }
  add(
      out, "W1.1." + std::to_string(number), "A message in the same segment as the request.",
      "The request is accepted and the message comes back.",
      [] {
        Plan plan = echo({}, {text_event(Octets(hello))});
        plan.handshake = HandshakePlan{.head = [](const HandshakeFacts& facts) {
          const Frame frame{.payload = Octets(hello)};
          return ordinary_request(facts) + encode(frame, Role::client).octets;
        }};
        return plan;
      },
      Roles::suite_is_client);
}

}  // namespace

void add_bad_requests(Cases& out) {
  int number = 0;
  for (const auto& row : lines_and_fields()) add_refused(out, ++number, row);
  for (const auto& row : syntax()) add_refused(out, ++number, row);
  add_accepted(out, number + 1);
}

}  // namespace conformance
