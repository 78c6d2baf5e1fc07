// Group W4.1: offers of permessage-deflate that a server has to decline, and its answers to good
// ones. RFC 7692 §5.1, §7.1.
#include "cases/deflate_build.hpp"
#include "engine/negotiation.hpp"

namespace conformance {
namespace {

using Check = std::function<std::optional<std::string>(const std::string&)>;

Plan declined(std::string offer) {
  Plan plan = echo({send_text(Octets(hello))}, {text_event(Octets(hello))});
  plan.deflate = {.offer = std::move(offer), .answers = {}, .required = false};
  plan.handshake = HandshakePlan{
      .head = {}, .extension_defect = [](const std::string& field) -> std::optional<std::string> {
        if (field.empty()) return std::nullopt;
        return "the offer was taken: " + field;
      }};
  return plan;
}

Plan taken(std::string offer, Check check) {
  Plan plan = compressed_exchange({.offer = std::move(offer), .answers = {}});
  plan.handshake = HandshakePlan{.head = {}, .extension_defect = std::move(check)};
  return plan;
}

/// The answer must contain the parameter, with a value of at most `most` if that is set.
Check answers_with(std::string parameter, std::optional<int> most = {}) {
  return [=](const std::string& field) -> std::optional<std::string> {
    for (const auto& element : extension_elements(field)) {
      if (!element.has(parameter)) return "the answer lacks " + parameter + ": " + field;
      const auto value = element.value(parameter);
      if (most && (!value || std::atoi(value->c_str()) > *most)) {
        return "the answer allows more than " + std::to_string(*most) + " bits: " + field;
      }
    }
    return std::nullopt;
  };
}

Check answers_without(std::string parameter) {
  return [=](const std::string& field) -> std::optional<std::string> {
    for (const auto& element : extension_elements(field)) {
      if (element.has(parameter)) return "the answer has " + parameter + ": " + field;
    }
    return std::nullopt;
  };
}

void add_declined(Cases& out) {
  int number = 0;
  for (const std::string offer :
       {"permessage-deflate; unknown_parameter", "permessage-deflate; unknown_parameter=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=true",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=08",
        "permessage-deflate; server_max_window_bits=1e1",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=ten",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        "x-webkit-deflate-frame", "permessage-bzip2"}) {
    add(
        out, "W4.1." + std::to_string(++number), "The offer: " + offer + ".",
        "It is declined: no extension in the answer, messages go uncompressed.",
        [offer] { return declined(offer); }, Roles::suite_is_client);
  }
}

struct Taken {
  std::string offer;
  const char* expectation;
  Check check;
};

std::vector<Taken> good_offers() {
  return {
      {"permessage-deflate", "It is taken without client_max_window_bits, which was not offered.",
       answers_without("client_max_window_bits")},
      {"permessage-deflate; server_no_context_takeover",
       "It is taken with server_no_context_takeover.", answers_with("server_no_context_takeover")},
      {"permessage-deflate; client_no_context_takeover", "It is taken.", {}},
      {"permessage-deflate; server_max_window_bits=10", "It is taken with at most 10 bits.",
       answers_with("server_max_window_bits", 10)},
      {"permessage-deflate; server_max_window_bits=\"12\"",
       "It is taken with at most 12 bits: a value may be quoted.",
       answers_with("server_max_window_bits", 12)},
      {"permessage-deflate; client_max_window_bits=10", "It is taken.", {}},
      {"permessage-deflate; unknown=1, permessage-deflate; server_no_context_takeover",
       "The second offer is taken.", answers_with("server_no_context_takeover")},
      {"x-unknown; a=\"b\", permessage-deflate", "The second extension is taken.", {}},
      {"permessage-deflate, permessage-deflate; server_no_context_takeover",
       "The first offer is taken or the second; one only.",
       {}},
      {"PerMessage-Deflate; Server_No_Context_Takeover",
       "Declined or taken: names of extensions are tokens.",
       {}}};
}

}  // namespace

void add_offers(Cases& out) {
  add_declined(out);
  int number = 20;
  for (const auto& row : good_offers()) {
    add(
        out, "W4.1." + std::to_string(++number), "The offer: " + row.offer + ".", row.expectation,
        [row] {
          Plan plan = taken(row.offer, row.check);
          plan.informational = row.offer.starts_with('P');
          return plan;
        },
        Roles::suite_is_client);
  }
}

}  // namespace conformance
