// cases.cpp - collects, sorts and selects the cases.
#include "cases/cases.hpp"

#include <algorithm>

namespace conformance {
namespace {

/// Returns the components of an id with numbers padded to equal width: "W4.1.10" becomes {"W0004",
/// "0001", "0010"}.
std::vector<std::string> sort_key(std::string_view id) {
  auto parts = split(id, '.');
  for (auto& part : parts) {
    const bool own = part.starts_with('W');
    const std::size_t digits = part.size() - (own ? 1 : 0);
    part.insert(own ? 1 : 0, digits < 4 ? 4 - digits : 0, '0');
  }
  return parts;
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view id) noexcept {
  return std::ranges::any_of(patterns,
                             [&](const std::string& pattern) { return matches(pattern, id); });
}

}  // namespace

bool id_less(std::string_view a, std::string_view b) { return sort_key(a) < sort_key(b); }

bool matches(std::string_view pattern, std::string_view id) noexcept {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == id;
  if (!id.starts_with(pattern.substr(0, star))) return false;
  const auto rest = pattern.substr(star + 1);
  for (std::size_t from = star; from <= id.size(); ++from) {
    if (matches(rest, id.substr(from))) return true;
  }
  return false;
}

Cases all_cases() {
  Cases out;
  for (const auto add :
       {add_framing, add_pings, add_reserved, add_fragmentation, add_utf8_handling,
        add_utf8_sequences, add_closing, add_limits, add_compression, add_bad_requests,
        add_bad_responses, add_masking, add_close_races, add_offers, add_answers, add_deflate_abuse,
        add_deflate_windows, add_fast_failures}) {
    add(out);
  }
  std::ranges::sort(out, [](const Case& a, const Case& b) { return id_less(a.id, b.id); });
  return out;
}

Cases select(Cases cases, Role role, const std::vector<std::string>& wanted,
             const std::vector<std::string>& excluded) {
  const Roles other = role == Role::client ? Roles::suite_is_server : Roles::suite_is_client;
  std::erase_if(cases, [&](const Case& each) {
    return each.roles == other || !any_matches(wanted, each.id) || any_matches(excluded, each.id);
  });
  return cases;
}

}  // namespace conformance
