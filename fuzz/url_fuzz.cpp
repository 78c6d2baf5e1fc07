// url_fuzz.cpp - an accepted URL cannot break out of a request line or a header, and survives
// formatting and parsing again. RFC 6455 §3.
#include <algorithm>
#include <string>

#include "fuzz_input.hpp"
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/client_handshake.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan::fuzz {
namespace {

bool is_visible_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_visible);
}

void check_parts(const Url& url) {
  require(is_visible_text(url.userinfo) && is_visible_text(url.zone), "no part has a blank");
  require(url.unix_path.empty() || url.unix_path.starts_with('/'), "a Unix path is absolute");
  require(url.unix_path.find('\0') == std::string::npos, "a Unix path has no NUL");
  require(is_visible_text(url.authority()), "an authority has visible characters only");
  require(is_visible_text(url.resource), "a resource has visible characters only");
  require(is_valid_authority(url.authority()), "an authority can stand in Host");
  require(url.resource.starts_with('/'), "a resource starts with a slash");
  require(url.resource.find('#') == std::string::npos, "a resource has no fragment");
  require(!url.host.empty() && url.port != 0, "host and port are known");
  require(url.host == to_lower(url.host), "a host is in lower case");
}

/// Returns `text` with every byte as a triplet.
std::string encoded(std::string_view text) {
  std::string result;
  for (const char c : text) append_percent_encoded(result, c);
  return result;
}

std::string formatted(const Url& url) {
  const std::string scheme = url.secure ? "wss" : "ws";
  if (!url.unix_path.empty()) {
    return scheme + "+unix:///" + encoded(url.unix_path.substr(1)) + ":" + url.resource;
  }
  std::string authority = url.authority();
  if (!url.zone.empty()) authority.insert(authority.find(']'), "%25" + encoded(url.zone));
  const std::string userinfo = url.userinfo.empty() ? "" : url.userinfo + "@";
  return scheme + "://" + userinfo + authority + url.resource;
}

void check_again(const Url& url) {
  const auto again = parse_url(formatted(url));
  require(again.has_value(), "what was taken apart can be put together");
  require(again->secure == url.secure && again->host == url.host && again->port == url.port,
          "scheme, host and port survive");
  require(again->resource == url.resource && again->userinfo == url.userinfo,
          "resource and userinfo survive: nothing is encoded twice");
  require(again->zone == url.zone && again->unix_path == url.unix_path,
          "zone and path of a Unix socket survive");
}

void check_refusal(std::string_view text) {
  std::string detail;
  require(!parse_url(text, &detail), "a URL is refused with and without a detail");
  require(!detail.empty() && detail.size() < 1000, "a detail has some words");
  require(
      std::all_of(detail.begin(), detail.end(), [](char c) { return is_visible(c) || c == ' '; }),
      "a detail can stand in a line of a log");
}

/// Encoding changes no byte that a server decodes.
void check_resource(const Url& url, std::string_view text) {
  text.remove_prefix(text.find("://") + 3);
  text.remove_prefix(std::min(text.find_first_of("/?"), text.size()));
  const std::string slash = text.starts_with('/') ? "" : "/";
  require(percent_decode(url.resource) == percent_decode(slash + std::string(text)),
          "a resource is what was written");
}

/// Compares host and port with the text of the URL, split by another method than the parser's.
void check_as_written(const Url& url, std::string_view text) {
  text.remove_prefix(text.find("://") + 3);
  text = text.substr(0, std::min(text.find('/'), text.find('?')));
  text.remove_prefix(text.rfind('@') + 1);  // without "@": npos + 1 is 0, nothing is removed
  const std::size_t bracket = text.rfind(']');
  const std::size_t from = bracket == std::string_view::npos ? 0 : bracket;
  const std::size_t colon = std::min(text.find(':', from), text.size());
  std::string host = to_lower(text.substr(0, colon));
  if (bracket != std::string_view::npos) host = host.substr(1, host.size() - 2);
  require(url.zone.empty() == (bracket == std::string_view::npos || host.find('%') == host.npos),
          "a zone is told if one was written");
  if (!url.zone.empty()) host.resize(host.find('%'));
  require(url.host == host, "the host is what was written");

  const std::string_view digits = text.substr(std::min(colon + 1, text.size()));
  require(std::all_of(digits.begin(), digits.end(), is_digit), "a port is a number");
  unsigned port = 0;
  for (const char digit : digits) port = port * 10 + static_cast<unsigned>(digit - '0');
  const unsigned usual = url.secure ? 443 : 80;
  require(url.port == (port == 0 ? usual : port), "the port is what was written");
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan::fuzz;
  const ExactCopy copy(FuzzInput(data, size).rest());
  const std::string_view text = wirespan::wire_text(copy.get());
  const bool valid_host = wirespan::is_valid_authority(text);
  const auto url = wirespan::parse_url(text);
  require(!(valid_host && url), "an authority is no URL");
  if (!url) {
    check_refusal(text);
    return 0;
  }
  check_parts(*url);
  if (url->unix_path.empty()) {
    check_as_written(*url, text);
    check_resource(*url, text);
  }
  check_again(*url);
  const wirespan::ClientRequest request{.host = url->authority(), .target = url->resource};
  require(!wirespan::check_client_request(request), "a client can ask for what was accepted");
  return 0;
}
