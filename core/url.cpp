// url.cpp - parses ws: and wss: URLs and the authority of Host. RFC 6455 §3, RFC 3986.
#include <algorithm>
#include <charconv>
#include <cstdint>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/core/url.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {
namespace {

using std::string_view;

/// Reason to refuse a URL; none without a text. The text is made only for a caller who wants it.
struct Problem {
  /// Part of the URL that the text may repeat. User information and query never are.
  enum class Shows : std::uint8_t { nothing, character, scheme, port };
  string_view at{};  // a part of the URL: gives the place
  const char* why = nullptr;
  Shows shows = Shows::nothing;
  explicit operator bool() const noexcept { return why != nullptr; }
};

std::string shown_character(char c) {
  if (is_visible(c)) return "character " + in_quotes(string_view(&c, 1));
  if (c == ' ') return "a blank";
  std::string digits;
  append_percent_encoded(digits, c);
  const bool is_control = (static_cast<unsigned char>(c) & 0x80) == 0;
  return (is_control ? "control character 0x" : "byte 0x") + digits.substr(1);
}

std::string text_of(const Problem& problem, string_view url) {
  const auto place = "byte " + std::to_string(problem.at.data() - url.data());
  switch (problem.shows) {
    case Problem::Shows::character:
      return shown_character(problem.at.front()) + " at " + place + " " + problem.why;
    case Problem::Shows::scheme:
      return "scheme " + in_quotes(problem.at) + " at " + place + " " + problem.why;
    case Problem::Shows::port:
      return "port " + in_quotes(problem.at) + " at " + place + " " + problem.why;
    default:
      return problem.why + (" at " + place);
  }
}

bool is_ascii(char c) noexcept { return (static_cast<unsigned char>(c) & 0x80) == 0; }

bool is_one_of(char c, string_view set) noexcept { return set.find(c) != string_view::npos; }

/// True for the unreserved characters and sub-delims of RFC 3986 §2.2, §2.3.
bool is_plain_uri_char(char c) noexcept {
  return is_alpha(c) || is_digit(c) || is_one_of(c, "-._~!$&'()*+,;=");
}

/// Returns the place of the first character that does not fulfil `rule`, or npos.
template <class Rule>
std::size_t find_not(string_view text, Rule rule) noexcept {
  const auto found = std::find_if_not(text.begin(), text.end(), rule);
  return found == text.end() ? string_view::npos : static_cast<std::size_t>(found - text.begin());
}

/// Finds the first character that is neither plain, nor one of `also_allowed`, nor part of a
/// well-formed triplet.
std::size_t find_forbidden(string_view text, string_view also_allowed) noexcept {
  const std::size_t forbidden = find_not(
      text, [&](char c) { return is_plain_uri_char(c) || c == '%' || is_one_of(c, also_allowed); });
  return std::min(forbidden, find_bad_triplet(text));
}

constexpr const char* bad_triplet = "is not followed by two hexadecimal digits";

/// True if `text` has the characters of an IPv6 address and at least two colons; the system's
/// parser checks the rest when the address is used.
bool looks_like_ipv6(string_view text) noexcept {
  return std::count(text.begin(), text.end(), ':') >= 2 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_hex_digit(c) || c == ':' || c == '.'; });
}

struct Authority {
  string_view host;  // without the brackets of IPv6
  string_view zone;  // not decoded; empty if the text has none
  string_view port;  // without the colon; empty if the text has none
};

/// Splits the text between "[" and "]". "%25" in front of a zone is RFC 6874's form of "%".
Problem split_ipv6(string_view inside, Authority& out) noexcept {
  const std::size_t percent = std::min(inside.find('%'), inside.size());
  out.host = inside.substr(0, percent);
  if (!looks_like_ipv6(out.host)) return {inside, "no IPv6 address between brackets"};
  if (percent == inside.size()) return {};
  out.zone = inside.substr(percent + 1);
  if (out.zone.starts_with("25") && out.zone.size() > 2) out.zone.remove_prefix(2);
  if (out.zone.empty()) return {out.zone, "no name of an IPv6 zone"};
  const std::size_t forbidden = find_forbidden(out.zone, "");
  if (forbidden == string_view::npos) return {};
  return {out.zone.substr(forbidden), "cannot stand in an IPv6 zone", Problem::Shows::character};
}

Problem check_host(string_view host) noexcept {
  if (host.empty()) return {host, "no host"};
  const std::size_t forbidden = find_forbidden(host, "");
  if (forbidden == string_view::npos) return {};
  const char* why = "cannot stand in a host";
  if (host[forbidden] == '%') why = bad_triplet;
  if (!is_ascii(host[forbidden])) why = "cannot stand in a host: write the name in its xn-- form";
  return {host.substr(forbidden), why, Problem::Shows::character};
}

/// Splits "host", "host:port" and the same with an IPv6 address in brackets.
Problem split_authority(string_view text, Authority& out) noexcept {
  const std::size_t bracket = text.find(']');
  if (text.starts_with('[')) {
    if (bracket == string_view::npos) {
      return {text, "is not closed by \"]\"", Problem::Shows::character};
    }
    if (const auto problem = split_ipv6(text.substr(1, bracket - 1), out)) return problem;
    text.remove_prefix(bracket + 1);
  } else {
    out.host = text.substr(0, text.find(':'));
    if (const auto problem = check_host(out.host)) return problem;
    text.remove_prefix(out.host.size());
  }
  if (text.empty()) return {};
  if (!text.starts_with(':')) {
    return {text, "follows \"]\", where only a port may", Problem::Shows::character};
  }
  out.port = text.substr(1);
  if (std::all_of(out.port.begin(), out.port.end(), is_digit)) return {};
  const char* why = out.port.find(':') == string_view::npos
                        ? "is not a number up to 65535"
                        : "is not a number up to 65535; an IPv6 address needs brackets";
  return {out.port, why, Problem::Shows::port};
}

/// Sets the port, 0 for an empty text. Requires digits only.
Problem read_port(string_view digits, std::uint16_t& port) noexcept {
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || result.ec == std::errc()) return {};
  return {digits, "is not a number up to 65535", Problem::Shows::port};
}

/// Returns the place of the first byte of what is not UTF-8.
std::size_t find_bad_utf8(string_view text) noexcept {
  Utf8Validator validator;
  std::size_t start = 0;  // of the current character
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (validator.complete()) start = i;
    if (!validator.feed(wire_bytes(text.substr(i, 1)))) return start;
  }
  return validator.complete() ? string_view::npos : start;
}

/// True for a character that parse_url() encodes: all that RFC 3986 §3.3 and §3.4 do not allow,
/// without the brackets, which browsers leave; in a query also the apostrophe, as the
/// special-query percent-encode set of the WHATWG URL standard has it.
bool must_be_encoded(char c, bool in_query) noexcept {
  if (c == '\'') return in_query;
  return !is_plain_uri_char(c) && !is_one_of(c, in_query ? "/:@[]?" : "/:@[]");
}

/// Appends path and query to `out`, percent-encoded.
Problem append_encoded(std::string& out, string_view text) {
  if (const std::size_t bad = find_bad_triplet(text); bad != string_view::npos) {
    return {text.substr(bad), bad_triplet, Problem::Shows::character};
  }
  if (const std::size_t bad = find_bad_utf8(text); bad != string_view::npos) {
    return {text.substr(bad), "is not UTF-8", Problem::Shows::character};
  }
  bool in_query = false;
  for (const char c : text) {
    in_query = in_query || c == '?';
    if (c == '%' || !must_be_encoded(c, in_query)) {
      out += c;
    } else {
      append_percent_encoded(out, c);
    }
  }
  return {};
}

/// Reads path and query; an empty path is "/". §3.
Problem read_resource(string_view text, Url& url) {
  url.resource = text.starts_with('/') ? "" : "/";
  return append_encoded(url.resource, text);
}

Problem read_userinfo(string_view text, Url& url) {
  url.userinfo = text;
  const std::size_t forbidden = find_forbidden(text, ":");
  if (forbidden == string_view::npos) return {};
  return {text.substr(forbidden), "user information that is not percent-encoded"};
}

/// Reads a URL from behind its "//".
Problem read_address(string_view text, Url& url) {
  string_view authority = text.substr(0, text.find_first_of("/?"));
  const string_view rest = text.substr(authority.size());
  if (const std::size_t at = authority.rfind('@'); at != string_view::npos) {
    if (const auto problem = read_userinfo(authority.substr(0, at), url)) return problem;
    authority.remove_prefix(at + 1);
  }
  Authority parts;
  Problem problem = split_authority(authority, parts);
  if (!problem) problem = read_port(parts.port, url.port);
  if (problem && rest.find('@') != string_view::npos) {
    // A password with a raw "/" or "?" looks like a port: it is not shown.
    return {problem.at, "no valid host and port, or \"/\" or \"?\" in user information"};
  }
  if (problem) return problem;
  url.host = to_lower(parts.host);
  url.zone = percent_decode(parts.zone);
  if (!std::all_of(url.zone.begin(), url.zone.end(), is_visible)) {
    return {parts.zone, "blank, control character or byte above 0x7F in an IPv6 zone"};
  }
  return read_resource(rest, url);
}

/// Reads a URL of a Unix socket from behind the colon of its scheme.
Problem read_unix(string_view text, Url& url) {
  if (text.starts_with("//")) text.remove_prefix(2);
  if (!text.starts_with('/')) return {text, "no absolute path of a Unix socket"};
  const string_view path = text.substr(0, text.find_first_of(":?"));
  std::string encoded;
  if (const auto problem = append_encoded(encoded, path)) return problem;
  url.unix_path = percent_decode(encoded);
  if (url.unix_path.find('\0') != std::string::npos) {
    return {path, "NUL in the path of a Unix socket"};
  }
  url.host = "localhost";
  text.remove_prefix(path.size());
  if (text.starts_with(':')) text.remove_prefix(1);
  if (text.empty() || is_one_of(text.front(), "/?")) return read_resource(text, url);
  return {text, "no \"/\" or \"?\" behind the path of a Unix socket and \":\""};
}

/// Sets `scheme` to the part before the first colon, if that can be one. RFC 3986 §3.1.
Problem find_scheme(string_view text, string_view& scheme) noexcept {
  scheme = text.substr(0, text.find(':'));
  const std::size_t wrong =
      find_not(scheme, [](char c) { return is_alpha(c) || is_digit(c) || is_one_of(c, "+-."); });
  const bool may_show = text.find('@') == string_view::npos;
  if (wrong != string_view::npos && may_show) {
    return {text.substr(wrong), "stands where \"ws://\" or \"wss://\" is expected",
            Problem::Shows::character};
  }
  const bool is_scheme = wrong == string_view::npos && !scheme.empty();
  if (is_scheme && scheme.size() < text.size()) return {};
  return {text, "no \"ws://\" or \"wss://\""};
}

/// The text may begin with user information: then the part before its colon is not shown.
Problem refused_scheme(string_view text, string_view scheme) noexcept {
  const bool may_show =
      text.substr(scheme.size()).starts_with("://") || text.find('@') == string_view::npos;
  if (!may_show) return {text, "no \"ws://\" or \"wss://\""};
  const char* why = "is neither ws nor wss";
  if (equal_ignoring_case(scheme, "http")) why = "is neither ws nor wss (use ws)";
  if (equal_ignoring_case(scheme, "https")) why = "is neither ws nor wss (use wss)";
  return {scheme, why, Problem::Shows::scheme};
}

Problem read_url(string_view text, Url& url) {
  const std::size_t control = find_not(text, [](char c) { return !is_control_char(c); });
  if (control != string_view::npos) {
    return {text.substr(control), "cannot stand in a URL", Problem::Shows::character};
  }
  string_view scheme;
  if (const auto problem = find_scheme(text, scheme)) return problem;
  const auto is_named = [&](string_view name) { return equal_ignoring_case(scheme, name); };
  const bool is_unix = is_named("ws+unix") || is_named("wss+unix");
  url.secure = is_named("wss") || is_named("wss+unix");
  if (!is_unix && !url.secure && !is_named("ws")) return refused_scheme(text, scheme);

  if (const std::size_t hash = text.find('#'); hash != string_view::npos) {
    return {text.substr(hash), "a fragment, which this URL may not have (\"#\" is written %23),"};
  }
  const string_view rest = text.substr(scheme.size() + 1);
  if (is_unix) return read_unix(rest, url);
  if (!rest.starts_with("//")) return {rest, "no \"//\" behind the scheme"};
  return read_address(rest.substr(2), url);
}

}  // namespace

std::string Url::authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  std::string text;
  text.append(is_ipv6 ? "[" : "").append(host).append(is_ipv6 ? "]" : "");
  if (!is_default_port()) text.append(":").append(std::to_string(port));
  return text;
}

std::string Url::host_and_zone() const { return zone.empty() ? host : host + "%" + zone; }

std::string_view Url::name_for_tls() const noexcept {
  string_view name = host;
  if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
  return name;
}

std::optional<Credentials> Url::credentials() const {
  if (userinfo.empty()) return std::nullopt;
  const string_view text = userinfo;
  const std::size_t colon = std::min(text.find(':'), text.size());
  return Credentials{.user = percent_decode(text.substr(0, colon)),
                     .password = percent_decode(text.substr(std::min(colon + 1, text.size())))};
}

Expected<Url> parse_url(std::string_view text, std::string* detail) {
  Url url;
  if (const auto problem = read_url(text, url)) {
    if (detail != nullptr) *detail = text_of(problem, text);
    return make_error_code(Errc::invalid_url);
  }
  if (url.port == 0) url.port = url.secure ? 443 : 80;
  return url;
}

bool is_valid_authority(std::string_view text) noexcept {
  Authority parts;
  std::uint16_t port = 0;
  return !split_authority(text, parts) && parts.zone.empty() && !read_port(parts.port, port);
}

}  // namespace wirespan
