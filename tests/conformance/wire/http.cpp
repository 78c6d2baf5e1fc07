// http.cpp - parses the heads of the opening handshake and Sec-WebSocket-Extensions.
#include "wire/http.hpp"

#include <algorithm>
#include <array>
#include <random>

#include <openssl/evp.h>

namespace conformance {
namespace {

std::string base64(std::string_view octets) {
  std::string out((octets.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                  reinterpret_cast<const unsigned char*>(octets.data()),
                  static_cast<int>(octets.size()));
  return out;
}

std::string without_quotes(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return std::string(value);
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += from_hex(lower_case(text.substr(i + 1, 2)));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> HttpHead::field(std::string_view name) const {
  std::optional<std::string> joined;
  for (const auto& [each, value] : fields) {
    if (each == name) joined = joined ? *joined + ", " + value : value;
  }
  return joined;
}

std::size_t HttpHead::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields, [&](const auto& each) { return each.first == name; }));
}

bool HttpHead::has_token(std::string_view name, std::string_view token) const {
  const auto tokens = split(field(name).value_or(""), ',');
  return std::ranges::any_of(tokens,
                             [&](const std::string& each) { return lower_case(each) == token; });
}

int HttpHead::status() const {
  if (!start_line.starts_with("HTTP/1.1 ") || start_line.size() < 12) return 0;
  return std::atoi(start_line.substr(9, 3).c_str());
}

std::optional<HttpHead> take_head(Octets& input) {
  const auto end = input.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  HttpHead head;
  std::string_view rest(input.data(), end);
  head.start_line = rest.substr(0, rest.find("\r\n"));
  while (rest.find("\r\n") != std::string_view::npos) {
    rest.remove_prefix(rest.find("\r\n") + 2);
    const auto line = rest.substr(0, rest.find("\r\n"));
    const auto colon = std::min(line.find(':'), line.size());
    const auto value = line.substr(std::min(colon + 1, line.size()));
    head.fields.emplace_back(lower_case(line.substr(0, colon)), std::string(trimmed(value)));
  }
  input.erase(0, end + 4);
  return head;
}

std::string accept_for(std::string_view key) {
  const std::string joined = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(joined.data(), joined.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return base64({reinterpret_cast<const char*>(digest.data()), size});
}

std::string random_websocket_key() {
  std::random_device device;
  Octets octets;
  for (int i = 0; i < 4; ++i) octets += big_endian(device(), 4);
  return base64(octets);
}

std::string Target::parameter(std::string_view name) const {
  for (const auto& [each, value] : parameters) {
    if (each == name) return value;
  }
  return {};
}

Target target_of(std::string_view request_line) {
  const auto words = split(request_line, ' ');
  const std::string whole = words.size() > 1 ? words[1] : "";
  const auto mark = std::min(whole.find('?'), whole.size());
  Target target{.path = whole.substr(0, mark), .parameters = {}};
  for (const auto& pair :
       split(std::string_view(whole).substr(std::min(mark + 1, whole.size())), '&')) {
    const auto equals = std::min(pair.find('='), pair.size());
    target.parameters.emplace_back(pair.substr(0, equals),
                                   percent_decoded(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return target;
}

bool ExtensionElement::has(std::string_view parameter) const noexcept {
  return std::ranges::any_of(parameters, [&](const auto& each) { return each.first == parameter; });
}

std::optional<std::string> ExtensionElement::value(std::string_view parameter) const {
  for (const auto& [name_of_parameter, content] : parameters) {
    if (name_of_parameter == parameter) return content;
  }
  return std::nullopt;
}

std::vector<ExtensionElement> extension_elements(std::string_view field) {
  std::vector<ExtensionElement> elements;
  for (const auto& text : split(field, ',')) {
    const auto parts = split(text, ';');
    if (parts.front().empty()) continue;
    ExtensionElement element{.name = lower_case(parts.front()), .parameters = {}};
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const auto equals = parts[i].find('=');
      std::optional<std::string> value;
      if (equals != std::string::npos) {
        value = without_quotes(trimmed(std::string_view(parts[i]).substr(equals + 1)));
      }
      const auto name = trimmed(std::string_view(parts[i]).substr(0, equals));
      element.parameters.emplace_back(lower_case(name), std::move(value));
    }
    elements.push_back(std::move(element));
  }
  return elements;
}

}  // namespace conformance
