// request_parts.cpp - takes target, Cookie and Authorization of a request apart.
#include <algorithm>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/base64.hpp>
#include <wirespan/core/http_auth.hpp>
#include <wirespan/core/percent_encoding.hpp>
#include <wirespan/core/request_parts.hpp>

namespace wirespan {
namespace {

/// Removes the text up to `separator`, with it, and returns it.
std::string_view take_until(std::string_view& text, char separator) noexcept {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

std::string decode_form(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

/// Returns what stands behind the scheme of the only Authorization field.
std::optional<std::string_view> authorization(const Headers& headers, std::string_view scheme) {
  const auto fields = headers.get_all("Authorization");
  if (fields.size() != 1) return std::nullopt;
  std::string_view value = fields.front();
  if (!equal_ignoring_case(take_until(value, ' '), scheme)) return std::nullopt;
  return trim(value);
}

/// RFC 9110 §11.2.
bool is_token68(std::string_view text) noexcept {
  const std::string_view digits = text.substr(0, text.find('='));
  const auto is_token68_char = [](char c) {
    return is_alpha(c) || is_digit(c) ||
           std::string_view("-._~+/").find(c) != std::string_view::npos;
  };
  return !digits.empty() && std::all_of(digits.begin(), digits.end(), is_token68_char) &&
         text.find_first_not_of('=', digits.size()) == std::string_view::npos;
}

}  // namespace

std::string_view target_path(std::string_view target) noexcept {
  return target.substr(0, target.find('?'));
}

std::vector<std::pair<std::string, std::string>> query_parameters(std::string_view target) {
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string_view query = target.substr(target_path(target).size());
  if (!query.empty()) query.remove_prefix(1);
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    if (value.empty()) continue;
    const std::string_view name = take_until(value, '=');
    parameters.emplace_back(decode_form(name), decode_form(value));
  }
  return parameters;
}

std::optional<std::string> query_parameter(std::string_view target, std::string_view name) {
  for (const auto& [known, value] : query_parameters(target)) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> request_cookie(const Headers& headers, std::string_view name) {
  for (std::string_view field : headers.get_all("Cookie")) {
    while (!field.empty()) {
      const std::string_view pair = trim(take_until(field, ';'));
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || trim(pair.substr(0, equals)) != name) continue;
      return trim(pair.substr(equals + 1));
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> bearer_token(const Headers& headers) {
  const auto token = authorization(headers, "Bearer");
  return token && is_token68(*token) ? token : std::nullopt;
}

std::optional<Credentials> basic_credentials(const Headers& headers) {
  const auto encoded = authorization(headers, "Basic");
  const auto text = encoded ? base64_decode(*encoded) : std::nullopt;
  const std::size_t colon = text ? text->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  Credentials credentials{.user = text->substr(0, colon), .password = text->substr(colon + 1)};
  return fits_basic(credentials) ? std::optional(std::move(credentials)) : std::nullopt;
}

}  // namespace wirespan
