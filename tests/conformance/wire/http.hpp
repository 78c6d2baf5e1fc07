// http.hpp - the heads of the opening handshake. RFC 6455 §4, RFC 9112 §2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/octets.hpp"

namespace conformance {

struct HttpHead {
  std::string start_line;
  std::vector<std::pair<std::string, std::string>> fields;  ///< Names in lower case.

  /// Returns all values of the name, joined by commas; nullopt if it does not occur.
  [[nodiscard]] std::optional<std::string> field(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
  /// True if the comma-separated list of that name contains the token, ignoring case.
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;
  /// Returns the three digits of a status line; 0 if it is not one.
  [[nodiscard]] int status() const;
};

/// Removes the head from `input` once it is complete; nullopt until then.
[[nodiscard]] std::optional<HttpHead> take_head(Octets& input);

[[nodiscard]] std::string accept_for(std::string_view key);
[[nodiscard]] std::string random_websocket_key();

/// The path and the parameters of a request line's target.
struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> parameters;
  [[nodiscard]] std::string parameter(std::string_view name) const;
};
[[nodiscard]] Target target_of(std::string_view request_line);

/// One element of Sec-WebSocket-Extensions. RFC 6455 §9.1.
struct ExtensionElement {
  std::string name;
  std::vector<std::pair<std::string, std::optional<std::string>>> parameters;
  [[nodiscard]] bool has(std::string_view parameter) const noexcept;
  [[nodiscard]] std::optional<std::string> value(std::string_view parameter) const;
};
[[nodiscard]] std::vector<ExtensionElement> extension_elements(std::string_view field);

}  // namespace conformance
