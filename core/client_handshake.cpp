// client_handshake.cpp - builds the client's request, judges the response. RFC 6455 §4.1.
#include <algorithm>
#include <array>
#include <utility>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/client_handshake.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>

namespace wirespan {
namespace {

/// Fields that ClientRequest::headers may not have: those that the handshake writes itself, and
/// those that would give the request a body.
constexpr std::array<std::string_view, 7> reserved_names{"Upgrade",
                                                         "Connection",
                                                         "Sec-WebSocket-Protocol",
                                                         "Sec-WebSocket-Extensions",
                                                         "Sec-WebSocket-Accept",
                                                         "Content-Length",
                                                         "Transfer-Encoding"};

std::error_code check_header(const Header& header) {
  const std::string& name = header.name;  // clang 14: no lambda captures a structured binding
  const std::string& value = header.value;
  if (!is_valid_header(name, value)) return Errc::invalid_header;
  const auto is_named = [&](std::string_view other) { return equal_ignoring_case(name, other); };
  if (std::any_of(reserved_names.begin(), reserved_names.end(), is_named)) {
    return Errc::reserved_header;
  }
  const bool usable = !(is_named("Sec-WebSocket-Key") && !is_valid_key(value)) &&
                      !(is_named("Sec-WebSocket-Version") && value != "13") &&
                      !(is_named("Host") && !is_valid_authority(value));
  return usable ? std::error_code{} : Errc::invalid_header;
}

std::error_code check_headers(const Headers& headers, std::string& detail) {
  for (const Header& header : headers) {
    detail = "header " + in_quotes(header.name);
    if (const auto error = check_header(header)) return error;
  }
  for (const char* once : {"Host", "Origin", "Sec-WebSocket-Key", "Sec-WebSocket-Version"}) {
    if (headers.get_all(once).size() < 2) continue;
    detail = "header " + in_quotes(once) + " came more than once";
    return Errc::invalid_header;
  }
  return {};
}

/// Checks the members of ClientRequest that become header fields or the request target.
std::error_code check_own_fields(const ClientRequest& request, std::string& detail) {
  detail = "host " + in_quotes(request.host);
  if (!is_valid_authority(request.host)) return Errc::invalid_header;
  const std::pair<const char*, const std::string*> values[] = {
      {"cookie", &request.cookie},
      {"origin", request.origin ? &*request.origin : nullptr},
      {"connection", request.connection ? &*request.connection : nullptr}};
  for (const auto& [name, value] : values) {
    if (value == nullptr || is_field_value(*value)) continue;
    detail = std::string(name) + " has a control character";
    return Errc::invalid_header;
  }
  if (request.connection) {
    const HeaderField field{"Connection", *request.connection};
    detail = "connection " + in_quotes(*request.connection) + " does not list Upgrade";
    if (!lists_token({&field, 1}, "Connection", "Upgrade")) return Errc::invalid_header;
  }
  const bool is_target = request.target.starts_with('/') &&
                         request.target.find('#') == std::string::npos &&
                         std::all_of(request.target.begin(), request.target.end(), is_visible);
  detail = "request target";
  return is_target ? std::error_code{} : Errc::invalid_url;
}

std::error_code check_subprotocols(const std::vector<std::string>& subprotocols,
                                   std::string& detail) {
  for (auto it = subprotocols.begin(); it != subprotocols.end(); ++it) {
    if (is_token(*it) && std::find(subprotocols.begin(), it, *it) == it) continue;
    detail = "subprotocol " + in_quotes(*it);
    return Errc::invalid_subprotocol;
  }
  return {};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

void append_line(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\r\n");
}

bool is_written_elsewhere(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 5> names{"Host", "Origin", "Sec-WebSocket-Key",
                                                  "Sec-WebSocket-Version", "Cookie"};
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return equal_ignoring_case(name, other); });
}

/// Joins all cookies to one field, as RFC 6265 §5.4 demands.
std::string cookie_value(const ClientRequest& request) {
  std::string value;
  const auto add = [&](std::string_view cookie) {
    if (!value.empty() && !cookie.empty()) value += "; ";
    value += cookie;
  };
  for (const std::string_view cookie : request.headers.get_all("Cookie")) add(cookie);
  add(request.cookie);
  return value;
}

std::string_view key_of(const ClientRequest& request, const HandshakeKey& key) {
  return request.headers.get("Sec-WebSocket-Key")
      .value_or(std::string_view(key.data(), key.size()));
}

/// RFC 9110 §8.6, RFC 9112 §6.1: a 101 has no body. A field that announces one is the sign of a
/// server or an intermediary that takes the frames for the body.
std::error_code check_no_body(const ResponseHead& head) {
  const bool announces_one = find_field(head.fields, "Transfer-Encoding").count > 0 ||
                             find_field(head.fields, "Content-Length").count > 0;
  return announces_one ? Errc::response_with_body : std::error_code{};
}

std::error_code check_chosen_subprotocol(const ResponseHead& head, const ClientRequest& request,
                                         Agreement& out) {
  const FieldLookup chosen = find_field(head.fields, "Sec-WebSocket-Protocol");
  if (chosen.count > 1) return Errc::repeated_field;
  std::string_view list = chosen.value;
  if (!next_list_element(list)) {  // no field, or an empty one: nothing was chosen
    return request.require_subprotocol ? Errc::missing_subprotocol : std::error_code{};
  }
  const auto& offered = request.subprotocols;
  if (std::find(offered.begin(), offered.end(), chosen.value) == offered.end()) {
    return Errc::unrequested_subprotocol;
  }
  out.subprotocol = chosen.value;
  return {};
}

}  // namespace

std::error_code check_client_request(const ClientRequest& request, std::string* detail) {
  std::string unwanted;
  std::string& about = detail != nullptr ? *detail : unwanted;
  if (const auto error = check_own_fields(request, about)) return error;
  if (const auto error = check_headers(request.headers, about)) return error;
  if (request.deflate) {
    if (const auto error = check_deflate_options(*request.deflate, &about)) return error;
  }
  return check_subprotocols(request.subprotocols, about);
}

std::string build_request(const ClientRequest& request, const HandshakeKey& key) {
  std::string text = "GET " + request.target + " HTTP/1.1\r\n";
  append_line(text, "Upgrade", "websocket");
  append_line(text, "Host", request.headers.get("Host").value_or(request.host));
  if (const auto own = request.headers.get("Origin")) {
    append_line(text, "Origin", *own);
  } else if (request.origin) {
    append_line(text, "Origin", *request.origin);
  }
  append_line(text, "Sec-WebSocket-Key", key_of(request, key));
  append_line(text, "Sec-WebSocket-Version", "13");
  append_line(text, "Connection", request.connection.value_or("Upgrade"));
  if (!request.subprotocols.empty()) {
    append_line(text, "Sec-WebSocket-Protocol", joined(request.subprotocols));
  }
  if (request.deflate) {
    append_line(text, "Sec-WebSocket-Extensions", deflate_offers_text(*request.deflate));
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_written_elsewhere(name)) append_line(text, name, value);
  }
  if (const std::string cookie = cookie_value(request); !cookie.empty()) {
    append_line(text, "Cookie", cookie);
  }
  return text + "\r\n";
}

std::error_code check_response(const ResponseHead& head, const ClientRequest& request,
                               std::string_view key, Agreement& out) {
  if (head.status != 101) return Errc::not_switching_protocols;
  if (head.minor_version < 1) return Errc::bad_http_version;
  const FieldLookup upgrade = find_field(head.fields, "Upgrade");
  if (upgrade.count != 1 || !equal_ignoring_case(upgrade.value, "websocket")) {
    return Errc::missing_upgrade;
  }
  if (!lists_token(head.fields, "Connection", "Upgrade")) return Errc::missing_connection_upgrade;
  const FieldLookup accept = find_field(head.fields, "Sec-WebSocket-Accept");
  if (accept.count > 1) return Errc::repeated_field;  // §11.3.3
  const AcceptKey expected = accept_for(key);
  if (!equal_in_constant_time(accept.value, {expected.data(), expected.size()})) {
    return Errc::bad_accept;
  }
  if (const auto error = check_no_body(head)) return error;
  const FieldLookup extensions = find_field(head.fields, "Sec-WebSocket-Extensions");
  if (extensions.count > 1) return Errc::repeated_field;  // §11.3.2
  if (extensions.count == 1) {
    const auto error = check_deflate_answer(extensions.value, request.deflate, out.deflate);
    if (error) return error;
  }
  if (const auto error = check_chosen_subprotocol(head, request, out)) return error;
  out.headers = Headers(head.fields);
  return {};
}

ClientHandshake::ClientHandshake(ClientRequest request, const HandshakeKey& key,
                                 const BlockSource& blocks)
    : request_(std::move(request)), key_(key), head_(blocks) {}

ClientHandshakeStep ClientHandshake::feed(Bytes input) {
  std::array<HeaderField, limits::head_fields> fields;
  std::size_t consumed = 0;
  while (true) {
    // Fast path: a head that arrives whole is parsed in the input; only one in pieces is copied.
    const Bytes rest = input.subspan(consumed);
    const std::size_t before = head_.size();
    if (before > 0) head_.append(rest.first(std::min(rest.size(), limits::head_size)));
    const auto parsed = parse_response_head(before > 0 ? head_.data() : rest, fields, before);
    if (parsed.status == ParseStatus::malformed) return Failed{parsed.error};
    if (parsed.status == ParseStatus::incomplete) {
      if (before == 0) head_.append(rest);
      return NeedInput{};
    }
    consumed += parsed.size - before;
    const bool informational = parsed.head.status < 200 && parsed.head.status != 101;
    if (!informational) return judge(parsed.head, consumed);
    if (++informational_ > limits::informational_responses) {
      return Failed{Errc::too_many_informational};
    }
    head_.clear();
  }
}

ClientHandshakeStep ClientHandshake::judge(const ResponseHead& head, std::size_t consumed) {
  if (head.status != 101) {
    return HandshakeRejected{.status = head.status,
                             .reason = std::string(head.reason),
                             .headers = Headers(head.fields),
                             .consumed = consumed};
  }
  Agreement agreement;
  if (const auto error = check_response(head, request_, key_of(request_, key_), agreement)) {
    return Failed{error};
  }
  return HandshakeDone{.agreement = std::move(agreement), .consumed = consumed};
}

}  // namespace wirespan
