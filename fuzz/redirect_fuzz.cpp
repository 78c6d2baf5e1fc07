// redirect_fuzz.cpp - the target of a redirect cannot break out of a request, takes no secret to
// another origin and has no dot segment. RFC 3986 §5.
#include <algorithm>
#include <string>

#include "fuzz_input.hpp"
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/client_handshake.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/redirect.hpp>

namespace wirespan::fuzz {
namespace {

constexpr std::array<const char*, 8> bases{"ws://a.example",
                                           "wss://user:secret@a.example:8443/b/c/d;p?q=/x",
                                           "ws://user@[fe80::1%25eth0]/b/../c",
                                           "ws+unix:///run/app.sock:/b/c",
                                           "wss://a.example//b//c/",
                                           "ws://127.0.0.1:9001/?x",
                                           "wss+unix:///run/app.sock",
                                           "wss://a.example./.."};

bool has_dot_segment(std::string_view resource) {
  const std::string path = std::string(resource.substr(0, resource.find('?'))) + "/";
  return path.find("/./") != std::string::npos || path.find("/../") != std::string::npos;
}

void check_target(const Url& from, const Url& target, std::string_view location) {
  const ClientRequest request{.host = target.authority(), .target = target.resource};
  require(!check_client_request(request), "a client can ask for the target");
  require(!target.host.empty() && target.port != 0, "host and port are known");
  const bool is_same = same_origin(from, target);
  require(is_same == same_origin(target, from), "same_origin is symmetric");
  require(target.userinfo == (is_same ? from.userinfo : ""), "a secret stays with its origin");
  require(target.zone.empty() || target.zone == from.zone, "no Location names a zone");
  require(target.unix_path.empty() || is_same, "no Location leads to a Unix socket");
  const std::string_view reference = location.substr(0, location.find('#'));
  const bool keeps_path = reference.empty() || reference.starts_with('?');
  require(keeps_path || !has_dot_segment(target.resource), "dot segments are removed");

  const std::string again = target.resource;
  const auto same = redirect_target(target, again);
  const bool is_path = !again.starts_with("//") && again.size() <= limits::request_target_size;
  if (!is_path) return;
  require(same && same_origin(*same, target), "a path stays with its origin");
  require(keeps_path || same->resource == again, "a resolved path resolves to itself");
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const auto from = wirespan::parse_url(bases[input.byte() % bases.size()]);
  require(from.has_value(), "a base is a URL");
  const ExactCopy copy(input.rest());
  const std::string_view location = wirespan::wire_text(copy.get());
  std::string detail;
  const auto target = wirespan::redirect_target(*from, location, &detail);
  require(target.has_value() == detail.empty(), "a refusal has a detail");
  require(target || target.error() == wirespan::Errc::bad_redirect, "the error is bad_redirect");
  require(detail.find("secret") == std::string::npos ||
              location.find("secret") != std::string_view::npos,
          "a detail has no secret of the base");
  if (target) check_target(*from, *target, location);
  return 0;
}
