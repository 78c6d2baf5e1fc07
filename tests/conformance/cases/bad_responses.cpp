// Group W1.2: answers to the opening handshake that a client has to refuse, and some that it must
// accept. RFC 6455 §4.1, RFC 9112 §4, §5.
#include "cases/build.hpp"
#include "engine/handshake.hpp"

namespace conformance {
namespace {

using Head = std::function<Octets(const HandshakeFacts&)>;

struct Response {
  const char* what;
  Head head;
  std::size_t chop = 0;
};

Head with(Octets old, Octets replacement) {
  return [=](const HandshakeFacts& facts) {
    Octets head = ordinary_response(facts);
    return head.replace(head.find(old), old.size(), replacement);
  };
}

Head and_field(Octets field) {
  return [=](const HandshakeFacts& facts) {
    Octets head = ordinary_response(facts);
    return head.insert(head.size() - 2, field + "\r\n");
  };
}

Head fixed(Octets head) {
  return [=](const HandshakeFacts&) { return head; };
}

Head with_other_accept() {
  return [](const HandshakeFacts& facts) {
    HandshakeFacts other = facts;
    other.key = random_websocket_key();
    return ordinary_response(other);
  };
}

Head with_accept_twice() {
  return [](const HandshakeFacts& facts) {
    Octets head = ordinary_response(facts);
    return head.insert(head.size() - 2, "Sec-WebSocket-Accept: " + accept_for(facts.key) + "\r\n");
  };
}

Head with_key_as_accept() {
  return [](const HandshakeFacts& facts) {
    Octets head = ordinary_response(facts);
    const Octets accept = accept_for(facts.key);
    return head.replace(head.find(accept), accept.size(), facts.key);
  };
}

std::vector<Response> refused() {
  return {{"Status 200 in place of 101",
           with("101 Switching Protocols\r\n", "200 OK\r\nContent-Length: 0\r\n")},
          {"Status 400", fixed("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")},
          {"Status 500 with a body", fixed("HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops")},
          {"Status 404", fixed("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")},
          {"Version HTTP/1.0", with("HTTP/1.1", "HTTP/1.0")},
          {"No Upgrade", with("Upgrade: WebSocket\r\n", "")},
          {"Upgrade to another protocol", with("WebSocket", "h2c")},
          {"No Connection", with("Connection: Upgrade\r\n", "")},
          {"Connection without upgrade", with("Connection: Upgrade", "Connection: close")},
          {"No Sec-WebSocket-Accept", with("Sec-WebSocket-Accept", "X-Other")},
          {"Sec-WebSocket-Accept for another key", with_other_accept()},
          {"The key itself as Sec-WebSocket-Accept", with_key_as_accept()},
          {"Sec-WebSocket-Accept twice", with_accept_twice()},
          {"A subprotocol that was not offered", and_field("Sec-WebSocket-Protocol: chat")},
          {"An extension that was not offered", and_field("Sec-WebSocket-Extensions: x-unknown")},
          {"A space before a colon", with("Upgrade:", "Upgrade :")},
          {"A field that goes on in the next line", and_field("X-Folded: one\r\n two")},
          {"NUL in a value", and_field(Octets("X-Nul: a\0b", 10))},
          {"Octets that are no HTTP", fixed("SSH-2.0-OpenSSH_9.2\r\n\r\n")},
          {"A field of a million octets", and_field("X-Long: " + Octets(1'000'000, 'a'))}};
}

std::vector<Response> accepted() {
  return {{"The ordinary answer, octet by octet", {}, 1},
          {"Field names in capitals", with("Upgrade: WebSocket", "UPGRADE: WEBSOCKET")},
          {"Connection with several tokens",
           with("Connection: Upgrade", "Connection: keep-alive, Upgrade")},
          {"Blanks and tabs around a value", with("WebSocket", "\t websocket \t ")},
          {"An empty reason", with("101 Switching Protocols", "101 ")},
          {"Cookies and other fields", and_field("Set-Cookie: a=b\r\nX-Other: c")}};
}

void add_accepted(Cases& out, int number) {
  for (const auto& row : accepted()) {
    add(
        out, "W1.2." + std::to_string(number++), std::string(row.what) + ".",
        "The answer is accepted and a message comes back.",
        [row] {
          Plan plan = echo({send_text(Octets(hello))}, {text_event(Octets(hello))});
          plan.handshake = HandshakePlan{.head = row.head, .chop = row.chop};
          return plan;
        },
        Roles::suite_is_server);
  }
  add(
      out, "W1.2." + std::to_string(number), "A message in the same segment as the answer.",
      "The answer is accepted and the message comes back.",
      [] {
        Plan plan = echo({}, {text_event(Octets(hello))});
        plan.handshake = HandshakePlan{.head = [](const HandshakeFacts& facts) {
          const Frame frame{.payload = Octets(hello)};
          return ordinary_response(facts) + encode(frame, Role::server).octets;
        }};
        return plan;
      },
      Roles::suite_is_server);
}

}  // namespace

void add_bad_responses(Cases& out) {
  int number = 0;
  for (const auto& row : refused()) {
    add(
        out, "W1.2." + std::to_string(++number), std::string(row.what) + ".",
        "The client gives up without a word.",
        [row] {
          Plan plan;
          plan.handshake = HandshakePlan{.head = row.head, .refusal = true};
          return plan;
        },
        Roles::suite_is_server);
  }
  add_accepted(out, number + 1);
}

}  // namespace conformance
