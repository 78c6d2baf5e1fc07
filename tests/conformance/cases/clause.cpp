// clause.cpp - groups of cases and the clauses that they are about.
#include "cases/clause.hpp"

#include <array>
#include <utility>

#include "cases/cases.hpp"

namespace conformance {
namespace {

using Row = std::pair<std::string_view, const char*>;

/// The first pattern that fits decides.
constexpr std::array rows{
    Row{"1.*", "RFC 6455 5.6"},
    Row{"2.*", "RFC 6455 5.5.2, 5.5.3"},
    Row{"3.*", "RFC 6455 5.2 (RSV1 to RSV3)"},
    Row{"4.*", "RFC 6455 5.2 (opcodes)"},
    Row{"5.1", "RFC 6455 5.5"},
    Row{"5.2", "RFC 6455 5.5"},
    Row{"5.*", "RFC 6455 5.4"},
    Row{"6.*", "RFC 6455 5.6, 8.1"},
    Row{"7.1.*", "RFC 6455 1.4, 5.5.1"},
    Row{"7.5.*", "RFC 6455 5.5.1, 8.1"},
    Row{"7.3.*", "RFC 6455 5.5.1"},
    Row{"7.*", "RFC 6455 7.4"},
    Row{"9.*", "RFC 6455 5.2, 5.4 (lengths)"},
    Row{"10.*", "RFC 6455 5.4"},
    Row{"12.*", "RFC 7692 7.2"},
    Row{"13.*", "RFC 7692 7.1"},
    Row{"W1.1.*", "RFC 6455 4.2.1, 4.2.2"},
    Row{"W1.2.*", "RFC 6455 4.1"},
    Row{"W2.*", "RFC 6455 5.1 to 5.3"},
    Row{"W3.*", "RFC 6455 5.5.1, 7.1"},
    Row{"W4.1.*", "RFC 7692 5.1, 7.1"},
    Row{"W4.2.*", "RFC 7692 5.1, 7.1"},
    Row{"W4.4.*", "RFC 7692 7.1.2"},
    Row{"W4.*", "RFC 7692 6, 7.2"},
    Row{"W5.*", "RFC 6455 7.1.7"},
};

}  // namespace

std::string clause_of(std::string_view id) {
  for (const auto& [pattern, clause] : rows) {
    if (matches(pattern, id)) return clause;
  }
  return {};
}

}  // namespace conformance
