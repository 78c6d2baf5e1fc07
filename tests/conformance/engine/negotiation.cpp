// negotiation.cpp - parses offers and answers of permessage-deflate, and chooses among offers.
#include "engine/negotiation.hpp"

#include <algorithm>
#include <set>

namespace conformance {
namespace {

constexpr std::string_view extension_name = "permessage-deflate";

std::optional<int> window_bits(const std::optional<std::string>& value) {
  if (!value || value->empty() || value->size() > 2 || value->front() == '0') return std::nullopt;
  if (!std::ranges::all_of(*value, [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  const int bits = std::stoi(*value);
  return bits >= 8 && bits <= 15 ? std::optional(bits) : std::nullopt;
}

/// Returns the defect of the parameters by RFC 7692 §7.1. Only an offer may have
/// client_max_window_bits without a value.
std::optional<std::string> defect_of(const ExtensionElement& element, bool is_offer) {
  std::set<std::string> seen;
  for (const auto& [name, value] : element.parameters) {
    if (!seen.insert(name).second) return "parameter twice: " + name;
    if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
      if (value) return "value for " + name;
    } else if (name == "server_max_window_bits" || name == "client_max_window_bits") {
      const bool bare_allowed = is_offer && name == "client_max_window_bits";
      if (!(bare_allowed && !value) && !window_bits(value)) return "value of " + name;
    } else {
      return "unknown parameter " + name;
    }
  }
  return std::nullopt;
}

DeflateTerms terms_of(const ExtensionElement& element) {
  DeflateTerms terms;
  terms.client.no_context_takeover = element.has("client_no_context_takeover");
  terms.server.no_context_takeover = element.has("server_no_context_takeover");
  if (const auto bits = window_bits(element.value("client_max_window_bits"))) {
    terms.client.window_bits = *bits;
  }
  if (const auto bits = window_bits(element.value("server_max_window_bits"))) {
    terms.server.window_bits = *bits;
  }
  return terms;
}

/// Grants the offer's demands on the server, and adds the parameters that the case wants.
Agreement agree(const ExtensionElement& offer, const DeflateAnswer& wish) {
  Agreement agreement;
  DeflateTerms terms;
  agreement.answer = extension_name;
  if (offer.has("server_no_context_takeover") || wish.server_no_context_takeover) {
    terms.server.no_context_takeover = true;
    agreement.answer += "; server_no_context_takeover";
  }
  const auto asked_bits = window_bits(offer.value("server_max_window_bits"));
  if (const auto bits = asked_bits ? asked_bits : wish.server_max_window_bits) {
    terms.server.window_bits = *bits;
    agreement.answer += "; server_max_window_bits=" + std::to_string(*bits);
  }
  if (wish.client_no_context_takeover) {
    terms.client.no_context_takeover = true;
    agreement.answer += "; client_no_context_takeover";
  }
  if (wish.client_max_window_bits) {
    terms.client.window_bits = *wish.client_max_window_bits;
    agreement.answer += "; client_max_window_bits=" + std::to_string(terms.client.window_bits);
  }
  agreement.terms = terms;
  return agreement;
}

}  // namespace

std::variant<Agreement, std::string> read_answer(const std::string& field, bool offered) {
  const auto elements = extension_elements(field);
  if (elements.empty()) return Agreement{};
  if (!offered) return "extension that was not offered: " + field;
  if (elements.size() != 1 || elements.front().name != extension_name) {
    return "other extensions than the one offered: " + field;
  }
  if (auto defect = defect_of(elements.front(), false)) return std::move(*defect);
  return Agreement{.terms = terms_of(elements.front()), .answer = field};
}

Agreement choose(const std::string& offers, const DeflatePlan& plan) {
  const auto elements = extension_elements(offers);
  for (const auto& wish : plan.answers) {
    for (const auto& offer : elements) {
      if (offer.name != extension_name || defect_of(offer, true)) continue;
      if (wish.client_max_window_bits && !offer.has("client_max_window_bits")) continue;
      return agree(offer, wish);
    }
  }
  return {};
}

}  // namespace conformance
