// redirect.cpp - resolves Location against the URL that was asked. RFC 3986 §5.2.
#include <algorithm>
#include <vector>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/redirect.hpp>

namespace wirespan {
namespace {

std::string_view path_of(std::string_view resource) noexcept {
  return resource.substr(0, resource.find('?'));
}

/// Returns the scheme of `reference` without its colon; empty for a relative reference.
/// RFC 3986 §4.2.
std::string_view scheme_of(std::string_view reference) noexcept {
  const std::size_t end = reference.find_first_of(":/?");
  if (end == std::string_view::npos || reference[end] != ':') return {};
  return reference.substr(0, end);
}

/// Returns the scheme of WebSockets that `scheme` stands for; empty for any other one.
std::string_view websocket_scheme(std::string_view scheme) noexcept {
  const auto is_named = [&](std::string_view name) { return equal_ignoring_case(scheme, name); };
  if (is_named("ws") || is_named("http")) return "ws";
  if (is_named("wss") || is_named("https")) return "wss";
  return {};
}

/// Removes the segments "." and ".." of an absolute path. RFC 3986 §5.2.4.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool is_directory = false;  // the path ends in a dot segment: its last slash stays
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    is_directory = segment == "." || segment == "..";
    if (!is_directory) kept.push_back(segment);
    if (segment == ".." && !kept.empty()) kept.pop_back();
  }
  std::string result;
  for (const std::string_view segment : kept) result.append("/").append(segment);
  if (is_directory || result.empty()) result += '/';
  return result;
}

/// Returns path and query of a reference without an authority, before dot segments are removed.
/// RFC 3986 §5.2.2, §5.2.3.
std::string merged(std::string_view base, std::string_view reference) {
  if (!base.starts_with('/')) base = "/";  // of a Url that no parser made
  if (reference.empty()) return std::string(base);
  if (reference.starts_with('/')) return std::string(reference);
  const std::string_view path = path_of(base);
  const bool is_query = reference.starts_with('?');
  std::string result(is_query ? path : path.substr(0, path.rfind('/') + 1));
  return result.append(reference);
}

/// Resolves the reference to a whole URL, which is still to be judged; empty for another scheme.
std::string resolved(const Url& from, std::string_view reference) {
  const std::string_view own = from.secure ? "wss:" : "ws:";
  if (const std::string_view scheme = scheme_of(reference); !scheme.empty()) {
    std::string text(websocket_scheme(scheme));
    if (!text.empty()) text.append(reference.substr(scheme.size()));
    return text;
  }
  if (reference.starts_with("//")) return std::string(own).append(reference);
  return std::string(own)
      .append("//")
      .append(from.authority())
      .append(merged(from.resource, reference));
}

}  // namespace

bool same_origin(const Url& a, const Url& b) noexcept {
  return a.secure == b.secure && a.port == b.port && equal_ignoring_case(a.host, b.host) &&
         a.zone == b.zone && a.unix_path == b.unix_path;
}

Expected<Url> redirect_target(const Url& from, std::string_view location, std::string* detail) {
  const auto refuse = [&](const std::string& why) -> std::error_code {
    if (detail != nullptr) *detail = "Location: " + why;
    return Errc::bad_redirect;
  };
  if (location.size() > limits::request_target_size) {
    return refuse("more than " + std::to_string(limits::request_target_size) + " bytes");
  }
  const std::string_view reference = location.substr(0, location.find('#'));
  const std::string text = resolved(from, reference);
  if (text.empty()) return refuse("its scheme is none of ws, wss, http and https");
  std::string why;
  auto target = parse_url(text, detail != nullptr ? &why : nullptr);
  if (!target) return refuse("not a URL of a WebSocket: " + why);
  if (!target->zone.empty()) return refuse("it names an IPv6 zone");

  const bool is_relative = scheme_of(reference).empty() && !reference.starts_with("//");
  if (is_relative) target->unix_path = from.unix_path;
  // Host never names a zone: a server with a link-local address cannot repeat it.
  if (target->host == from.host) target->zone = from.zone;
  target->userinfo = same_origin(from, *target) ? from.userinfo : std::string();
  const bool keeps_path = reference.empty() || reference.starts_with('?');
  if (!keeps_path) {
    const std::string_view path = path_of(target->resource);
    target->resource = without_dot_segments(path).append(target->resource.substr(path.size()));
  }
  return target;
}

}  // namespace wirespan
