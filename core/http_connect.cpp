// http_connect.cpp - asks an HTTP proxy for a tunnel and judges its response. RFC 9110 §9.3.6.
#include <algorithm>
#include <array>
#include <utility>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/proxy_handshake.hpp>

namespace wirespan {
namespace {

/// Fields that HttpConnect writes itself, and those that would give the request a body.
constexpr std::array<std::string_view, 4> connect_reserved_names{
    "Host", "Proxy-Authorization", "Content-Length", "Transfer-Encoding"};

bool is_reserved_in_connect(std::string_view name) noexcept {
  return std::any_of(connect_reserved_names.begin(), connect_reserved_names.end(),
                     [&](std::string_view other) { return equal_ignoring_case(name, other); });
}

/// Explains a response that is no HTTP by its first byte, for the two usual mistakes.
std::string describe_no_http(std::string_view head, std::error_code error) {
  constexpr char tls_alert = 0x15;  // RFC 8446 §5.1: ContentType alert
  if (head.starts_with(tls_alert)) return "the proxy answers with TLS, not with HTTP";
  if (head.starts_with('\x05')) return "the proxy answers with SOCKS5, not with HTTP";
  return "response of the proxy: " + error.message();
}

}  // namespace

std::string connect_authority(const ProxyTarget& target) {
  const bool is_ipv6 = target.host.find(':') != std::string::npos;
  std::string text;
  text.append(is_ipv6 ? "[" : "").append(target.host).append(is_ipv6 ? "]:" : ":");
  return text.append(std::to_string(target.port));
}

std::error_code check_connect_headers(const Headers& headers, std::string* detail) {
  for (const Header& header : headers) {
    const bool valid = is_valid_header(header.name, header.value);
    if (valid && !is_reserved_in_connect(header.name)) continue;
    if (detail != nullptr) *detail = "header " + in_quotes(header.name);
    return valid ? Errc::reserved_header : Errc::invalid_header;
  }
  return {};
}

std::error_code ProxyRefused::error() const noexcept {
  return status == 407 ? Errc::proxy_auth_required : Errc::proxy_refused;
}

HttpConnect::HttpConnect(const ProxyTarget& target, std::string authorization, Headers extra)
    : authority_(connect_authority(target)),
      authorization_(std::move(authorization)),
      extra_(std::move(extra)) {}

std::string HttpConnect::first_bytes() const {
  std::string text = "CONNECT " + authority_ + " HTTP/1.1\r\nHost: " + authority_ + "\r\n";
  if (!authorization_.empty()) {
    text.append("Proxy-Authorization: ").append(authorization_).append("\r\n");
  }
  for (const Header& header : extra_) {
    text.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  return text + "\r\n";
}

ProxyStep HttpConnect::feed(Bytes input) {
  std::array<HeaderField, limits::head_fields> fields;
  std::size_t consumed = 0;
  while (true) {
    const Bytes rest = input.subspan(consumed);
    const std::size_t before = head_.size();
    head_.append(wire_text(rest.first(std::min(rest.size(), limits::head_size))));
    const auto parsed = parse_response_head(wire_bytes(head_), fields, before);
    if (parsed.status == ParseStatus::malformed) {
      return fail(describe_no_http(head_, parsed.error));
    }
    if (parsed.status == ParseStatus::incomplete) return NeedInput{};
    consumed += parsed.size - before;
    const ResponseHead& head = parsed.head;
    if (head.status == 101) return fail("status 101 of the proxy, which nobody asked for");
    if (head.status >= 300) {
      Headers headers(head.fields);
      auto challenges = parse_challenges(headers.get_all("Proxy-Authenticate"));
      return ProxyRefused{.status = head.status,
                          .reason = std::string(head.reason),
                          .headers = std::move(headers),
                          .challenges = std::move(challenges),
                          .consumed = consumed};
    }
    if (head.status >= 200) return TunnelOpen{.consumed = consumed};
    if (++informational_ > limits::informational_responses) {
      return fail("more than " + std::to_string(limits::informational_responses) +
                  " informational responses of the proxy");
    }
    head_.clear();
  }
}

ProxyStep HttpConnect::fail(std::string detail) {
  detail_ = std::move(detail);
  return Failed{Errc::proxy_protocol_error};
}

}  // namespace wirespan
