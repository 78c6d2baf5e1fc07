// request_parts_fuzz.cpp - what a server reads out of target, Cookie and Authorization lies within
// them and follows its grammar. RFC 3986 §3.4, RFC 6265 §4.2, RFC 6750 §2.1, RFC 7617 §2.
#include <string>

#include "fuzz_input.hpp"
#include <wirespan/core/base64.hpp>
#include <wirespan/core/http_auth.hpp>
#include <wirespan/core/request_parts.hpp>

namespace wirespan::fuzz {
namespace {

bool lies_within(std::string_view part, std::string_view text) {
  return part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size();
}

void check_target(std::string_view target) {
  require(lies_within(target_path(target), target), "a path is a part of its target");
  std::size_t size = 0;
  for (const auto& [name, value] : query_parameters(target)) {
    size += name.size() + value.size();
    const auto first = query_parameter(target, name);
    require(first.has_value(), "what is listed is found");
  }
  require(size <= target.size(), "decoding makes nothing longer");
}

void check_cookies(std::string_view field) {
  Headers headers;
  headers.add("Cookie", std::string(field));
  const std::string_view value = *headers.get("Cookie");
  for (const char* name : {"a", "sid", ""}) {
    const auto cookie = request_cookie(headers, name);
    require(!cookie || lies_within(*cookie, value), "a cookie is a part of its field");
    require(!cookie || cookie->find(';') == std::string_view::npos, "a cookie ends at ';'");
  }
}

void check_authorization(std::string_view field) {
  Headers headers;
  headers.add("Authorization", std::string(field));
  if (const auto token = bearer_token(headers)) {
    require(!token->empty() && token->find_first_of(" \t,\"") == std::string_view::npos,
            "a token is one word");
  }
  if (const auto user = basic_credentials(headers)) {
    Headers again;
    again.add("Authorization", basic_authorization(*user));
    require(basic_credentials(again) == user, "credentials survive writing and parsing");
  }
  const auto bytes = base64_decode(field);
  require(!bytes || base64_encode(wire_bytes(*bytes)) == field, "base64 has one encoding");
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan;
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const std::uint8_t kind = input.byte() % 3;
  const ExactCopy copy(input.rest());
  const std::string_view text = wire_text(copy.get());
  if (kind == 0) {
    check_target(text);
  } else if (kind == 1) {
    check_cookies(text);
  } else {
    check_authorization(text);
  }
  return 0;
}
