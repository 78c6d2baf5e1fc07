// server_handshake.cpp - checks a client's request and builds the response. RFC 6455 §4.2.
#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include <wirespan/core/accept_key.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/core/server_handshake.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan {
namespace {

using Fields = std::span<const HeaderField>;

/// Checks the request target: a path, or an absolute URI, whose authority then replaces Host.
/// RFC 9112 §3.2.
std::error_code check_target(std::string_view target, ClientOffer& out) {
  if (target.starts_with('/')) {
    out.target = target;
    return target.find('#') == std::string_view::npos ? std::error_code{}
                                                      : Errc::bad_request_target;
  }
  const std::size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos) return Errc::bad_request_target;
  const std::string_view scheme = target.substr(0, scheme_end);
  const auto is_named = [&](std::string_view other) { return equal_ignoring_case(scheme, other); };
  if (!is_named("http") && !is_named("https") && !is_named("ws") && !is_named("wss")) {
    return Errc::bad_request_target;
  }
  std::string as_ws("ws");
  as_ws += target.substr(scheme_end);
  const auto url = parse_url(as_ws);
  if (!url || !url->userinfo.empty()) return Errc::bad_request_target;
  const std::string_view rest = target.substr(scheme_end + 3);
  out.host = rest.substr(0, rest.find_first_of("/?"));
  out.target = rest.substr(out.host.size());  // as it came, not percent-encoded
  if (!out.target.starts_with('/')) out.target.insert(0, "/");
  return is_valid_authority(out.host) ? std::error_code{} : Errc::bad_request_target;
}

std::error_code check_host(Fields fields, ClientOffer& out) {
  const FieldLookup host = find_field(fields, "Host");
  if (host.count != 1 || !is_valid_authority(host.value)) return Errc::bad_host;
  if (out.host.empty()) out.host = host.value;
  return {};
}

/// Refuses a request with content: its bytes after the head would be parsed as frames. RFC 9110
/// §9.3.1, RFC 9112 §6.
std::error_code check_no_body(Fields fields) {
  if (find_field(fields, "Transfer-Encoding").count > 0) return Errc::request_with_body;
  const FieldLookup length = find_field(fields, "Content-Length");
  const bool empty = length.count == 0 || (length.count == 1 && length.value == "0");
  return empty ? std::error_code{} : Errc::request_with_body;
}

std::error_code check_key_and_version(Fields fields, ClientOffer& out) {
  const FieldLookup version = find_field(fields, "Sec-WebSocket-Version");
  if (version.count > 1) return Errc::repeated_field;
  if (version.value != "13") return Errc::bad_version;
  const FieldLookup key = find_field(fields, "Sec-WebSocket-Key");
  if (key.count > 1) return Errc::repeated_field;  // §11.3.1
  if (!is_valid_key(key.value)) return Errc::bad_key;
  out.key = key.value;
  return {};
}

/// Collects the offered subprotocols: tokens, all different. §4.1, item 10 of the request.
std::error_code collect_subprotocols(Fields fields, std::vector<std::string>& out) {
  for (const auto& [name, value] : fields) {
    if (!equal_ignoring_case(name, "Sec-WebSocket-Protocol")) continue;
    std::string_view list = value;
    while (const auto element = next_list_element(list)) {
      if (!is_token(*element)) return Errc::bad_subprotocols;
      out.emplace_back(*element);
    }
  }
  std::vector<std::string_view> sorted(out.begin(), out.end());
  std::sort(sorted.begin(), sorted.end());
  const bool repeated = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
  return repeated ? Errc::bad_subprotocols : std::error_code{};
}

std::error_code collect_extensions(Fields fields, std::vector<Extension>& out) {
  for (const auto& [name, value] : fields) {
    if (!equal_ignoring_case(name, "Sec-WebSocket-Extensions")) continue;
    auto extensions = parse_extensions(value, count_elements(out));
    if (!extensions) return extensions.error();
    std::move(extensions->begin(), extensions->end(), std::back_inserter(out));
  }
  return {};
}

/// True if the method is HEAD. Methods are case-sensitive (RFC 9110 §9.1). One empty line may
/// precede the request line.
bool begins_with_head(std::string_view request) noexcept {
  if (request.starts_with("\r\n")) request.remove_prefix(2);
  return request.starts_with("HEAD ");
}

struct Reason {
  int status;
  std::string_view phrase;
};

/// Reason phrases of RFC 9110 §15 and RFC 6585.
constexpr auto reasons = std::to_array<Reason>({
    {200, "OK"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {414, "URI Too Long"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
});

std::string_view reason_phrase(int status) noexcept {
  for (const Reason& reason : reasons) {
    if (reason.status == status) return reason.phrase;
  }
  return status < 300 ? "Success" : "Refused";
}

int status_for(std::error_code error) noexcept {
  if (error == Errc::bad_method) return 405;
  if (error == Errc::target_too_long) return 414;
  if (error == Errc::missing_upgrade || error == Errc::bad_version) return 426;
  if (error == Errc::head_too_long || error == Errc::too_many_fields) return 431;
  if (error == Errc::bad_http_version) return 505;
  return 400;
}

/// True for a header field that our responses set themselves, or that would contradict their
/// framing.
bool is_set_by_answer(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 7> names{
      "Connection",           "Content-Length",         "Transfer-Encoding",       "Upgrade",
      "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"};
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return equal_ignoring_case(name, other); });
}

void append_headers(std::string& text, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (is_set_by_answer(name) || !is_valid_header(name, value)) continue;
    text.append(name).append(": ").append(value).append("\r\n");
  }
}

}  // namespace

std::error_code check_request(const RequestHead& head, ClientOffer& out) {
  if (head.method != "GET") return Errc::bad_method;
  if (head.minor_version < 1) return Errc::bad_http_version;
  if (const auto error = check_target(head.target, out)) return error;
  if (const auto error = check_host(head.fields, out)) return error;
  if (const auto error = check_no_body(head.fields)) return error;
  if (!lists_token(head.fields, "Upgrade", "websocket")) return Errc::missing_upgrade;
  if (!lists_token(head.fields, "Connection", "Upgrade")) return Errc::missing_connection_upgrade;
  if (const auto error = check_key_and_version(head.fields, out)) return error;
  if (const auto error = collect_subprotocols(head.fields, out.subprotocols)) return error;
  if (const auto error = collect_extensions(head.fields, out.extensions)) return error;
  const FieldLookup origin = find_field(head.fields, "Origin");
  if (origin.count > 1) return Errc::repeated_field;
  out.origin = origin.value;
  out.headers = Headers(head.fields);
  return {};
}

std::error_code check_plain_request(const RequestHead& head, PlainRequest& out) {
  ClientOffer place;
  if (const auto error = check_target(head.target, place)) return error;
  const bool may_lack_host = head.minor_version == 0 && find_field(head.fields, "Host").count == 0;
  if (!may_lack_host) {
    if (const auto error = check_host(head.fields, place)) return error;
  }
  if (const auto error = check_no_body(head.fields)) {
    // Methods other than GET and HEAD may have content: the fault is the method, not the content.
    const bool is_read = head.method == "GET" || head.method == "HEAD";
    return is_read ? error : Errc::bad_method;
  }
  out = {.method = std::string(head.method),
         .target = std::move(place.target),
         .headers = Headers(head.fields)};
  return {};
}

std::error_code check_agreement(const ClientOffer& offer, const Agreement& agreement,
                                std::string* detail) {
  std::string unwanted;
  std::string& about = detail != nullptr ? *detail : unwanted;
  const auto& offered = offer.subprotocols;
  about = "subprotocol " + in_quotes(agreement.subprotocol);
  if (!agreement.subprotocol.empty() &&
      std::find(offered.begin(), offered.end(), agreement.subprotocol) == offered.end()) {
    return Errc::invalid_subprotocol;
  }
  about = "permessage-deflate";
  if (agreement.deflate && !is_answer_to_any(offer.extensions, *agreement.deflate)) {
    return Errc::unrequested_extension;
  }
  for (const auto& [name, value] : agreement.headers) {
    about = "header " + in_quotes(name);
    if (!is_valid_header(name, value)) return Errc::invalid_header;
    if (is_set_by_answer(name)) return Errc::reserved_header;
  }
  return {};
}

std::string build_acceptance(const ClientOffer& offer, const Agreement& agreement) {
  const AcceptKey accept = accept_for(offer.key);
  std::string text =
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  text.append(accept.data(), accept.size()).append("\r\n");
  if (!agreement.subprotocol.empty()) {
    text.append("Sec-WebSocket-Protocol: ").append(agreement.subprotocol).append("\r\n");
  }
  if (agreement.deflate) {
    text.append("Sec-WebSocket-Extensions: ").append(deflate_answer_text(*agreement.deflate));
    text += "\r\n";
  }
  append_headers(text, agreement.headers);
  return text + "\r\n";
}

std::string build_rejection(const Rejection& rejection, bool head_only) {
  const bool is_final = rejection.status >= 200 && rejection.status <= 999;
  const int status = is_final ? rejection.status : 500;
  const bool tells_size = status != 204 && status != 304;  // RFC 9110 §15.3.5, §15.4.5
  const bool has_content = tells_size && status != 205;    // §15.3.6
  std::string text = "HTTP/1.1 " + std::to_string(status) + " ";
  text.append(reason_phrase(status)).append("\r\n");
  if (status == 426) text += "Upgrade: websocket\r\nConnection: Upgrade, close\r\n";
  if (status != 426) text += "Connection: close\r\n";
  append_headers(text, rejection.headers);
  const std::size_t size = has_content ? rejection.body.size() : 0;
  if (tells_size) text += "Content-Length: " + std::to_string(size) + "\r\n";
  text += "\r\n";
  return has_content && !head_only ? text + rejection.body : text;
}

Rejection rejection_for(std::error_code error) {
  Rejection rejection{.status = status_for(error),
                      .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
                      .body = error.message() + "\n"};
  if (rejection.status == 405) rejection.headers.add("Allow", "GET");
  if (rejection.status == 426) rejection.headers.add("Sec-WebSocket-Version", "13");  // §4.4
  return rejection;
}

ServerHandshakeStep ServerHandshake::feed(Bytes input) {
  std::array<HeaderField, limits::head_fields> fields;
  // Fast path: a head that lies whole in the input is parsed there; only a head in pieces is
  // copied.
  const std::size_t before = head_.size();
  if (before > 0) head_.append(input.first(std::min(input.size(), limits_.size)));
  const Bytes text = before > 0 ? Bytes(head_.data()) : input;
  asks_for_head_ = begins_with_head(wire_text(text));
  const auto parsed = parse_request_head(text, fields, before, limits_);
  if (parsed.status == ParseStatus::malformed) return Failed{parsed.error};
  if (parsed.status == ParseStatus::incomplete) {
    if (before == 0) head_.append(input);
    return NeedInput{};
  }
  if (serves_http_ && !lists_token(parsed.head.fields, "Upgrade", "websocket")) {
    PlainRequest plain;
    if (const auto error = check_plain_request(parsed.head, plain)) return Failed{error};
    return plain;
  }
  RequestReceived received{.offer = {}, .consumed = parsed.size - before};
  if (const auto error = check_request(parsed.head, received.offer)) return Failed{error};
  return received;
}

}  // namespace wirespan
