// Group W4.2: answers about permessage-deflate that a client has to refuse. RFC 7692 §5.1, §7.1.
#include "cases/deflate_build.hpp"
#include "engine/handshake.hpp"

namespace conformance {
namespace {

Plan refused(std::string answer) {
  Plan plan;
  plan.handshake = HandshakePlan{.head =
                                     [answer = std::move(answer)](const HandshakeFacts& facts) {
                                       HandshakeFacts other = facts;
                                       other.extensions = answer;
                                       return ordinary_response(other);
                                     },
                                 .refusal = true};
  return plan;
}

}  // namespace

void add_answers(Cases& out) {
  int number = 0;
  for (const std::string answer :
       {"permessage-deflate; unknown_parameter", "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=10; client_max_window_bits=10",
        "permessage-deflate, permessage-deflate", "permessage-deflate, x-unknown",
        "x-webkit-deflate-frame", "permessage-bzip2"}) {
    add(
        out, "W4.2." + std::to_string(++number), "The answer: " + answer + ".",
        "The client gives up without a word.", [answer] { return refused(answer); },
        Roles::suite_is_server);
  }
}

}  // namespace conformance
