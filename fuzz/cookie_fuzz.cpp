// cookie_fuzz.cpp - a cookie that a response may set goes back to that host only, cannot break out
// of a Cookie field, and survives formatting and parsing again. RFC 6265 §5.
#include <array>
#include <string>

#include "fuzz_input.hpp"
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/cookie.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan::fuzz {
namespace {

constexpr std::array<std::string_view, 6> hosts{"a.b.example", "example", "10.0.0.1",
                                                "::1",         "127.1",   "a.b.example."};

void check_cookie(const Cookie& cookie, const Url& from) {
  require(is_valid_cookie(cookie), "a cookie that is made is valid");
  require(!cookie.secure || from.secure, "Secure comes over wss: only");
  require(is_for_host(cookie, canonical_host(from.host)), "a host gets the cookie that it set");
  require(cookie.host_only || !is_ip_address(canonical_host(from.host)),
          "an address has no sub-domains");
  for (const std::string& other : {std::string("b.other"), "x" + cookie.domain}) {
    require(!is_for_host(cookie, other), "a foreign host does not get it");
  }
  const std::string pair = cookie.name + "=" + cookie.value;
  require(is_field_value(pair), "no control character is sent");
  require(pair.find(';') == std::string::npos, "one cookie is one pair");
  require(pair.size() <= limits::cookie_size + 1, "a cookie is within its limit");
}

void check_again(const Cookie& cookie, const Url& from, WallTime now) {
  std::string field = cookie.name + "=" + cookie.value + "; Path=" + cookie.path;
  if (!cookie.host_only) field += "; Domain=" + cookie.domain;
  if (cookie.secure) field += "; Secure";
  if (cookie.http_only) field += "; HttpOnly";
  const auto set = parse_set_cookie(field);
  require(set.has_value(), "a cookie can be set again");
  auto again = make_cookie(*set, from, now);
  require(again.has_value(), "its own host may do so");
  again->expires = cookie.expires;
  require(*again == cookie, "and it is the same");
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const std::uint8_t settings = input.byte();
  const wirespan::Url from{.secure = (settings & 1) != 0,
                           .host = std::string(hosts[(settings >> 1) % hosts.size()]),
                           .resource = "/chat/room?x",
                           .userinfo = {}};
  const ExactCopy copy(input.rest());
  const std::string_view field = wirespan::wire_text(copy.get());
  (void)wirespan::parse_cookie_date(field);
  const auto set = wirespan::parse_set_cookie(field);
  if (!set) return 0;
  const wirespan::WallTime now{};
  const auto cookie = wirespan::make_cookie(*set, from, now);
  if (!cookie) return 0;
  check_cookie(*cookie, from);
  check_again(*cookie, from, now);
  return 0;
}
