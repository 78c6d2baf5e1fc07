// origin_policy.cpp - allowed origins, the predicate of the application, or the same origin.
#include <algorithm>
#include <optional>
#include <string>

#include <wirespan/app/server/origin_policy.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/in_quotes.hpp>

namespace wirespan {
namespace {

/// Returns "host" or "host:port" with the port written out.
std::string with_port(std::string_view authority, std::string_view default_port) {
  const std::size_t colon = authority.rfind(':');
  const bool inside_brackets =
      authority.find(']', colon == std::string_view::npos ? 0 : colon) != std::string_view::npos;
  const bool has_port = colon != std::string_view::npos && !inside_brackets;
  std::string text(authority);
  if (!has_port) text.append(":").append(default_port);
  return text;
}

/// Compares host and port, not the scheme: TLS may end at a proxy in front of this server. The
/// scheme of the origin names the default port, for the origin and for the request's Host.
bool is_same_origin(std::string_view origin, std::string_view host) {
  const std::string_view scheme = origin.substr(0, origin.find("://"));
  const bool secure = equal_ignoring_case(scheme, "https");
  if (scheme.size() == origin.size() || (!secure && !equal_ignoring_case(scheme, "http"))) {
    return false;
  }
  const std::string_view port = secure ? "443" : "80";
  const std::string_view authority = origin.substr(scheme.size() + 3);
  return equal_ignoring_case(with_port(authority, port), with_port(host, port));
}

}  // namespace

bool is_origin_welcome(const OriginPolicy& policy, std::string_view origin, std::string_view host) {
  if (policy.allow_any || origin.empty()) return true;
  if (policy.predicate) return policy.predicate(origin, host);
  if (policy.allowed.empty()) return is_same_origin(origin, host);
  return std::any_of(policy.allowed.begin(), policy.allowed.end(), [&](const std::string& allowed) {
    return equal_ignoring_case(allowed, origin);
  });
}

std::string describe_refused_origin(std::string_view origin, std::string_view host) {
  return "403 for origin " + in_quotes(origin) + " at host " + in_quotes(host) +
         ": not welcome by ServerOptions::origins";
}

}  // namespace wirespan
