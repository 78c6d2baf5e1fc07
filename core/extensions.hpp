// extensions.hpp - the grammar of Sec-WebSocket-Extensions. RFC 6455 §9.1.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wirespan/core/expected.hpp>

namespace wirespan {

/// One parameter, "name" or "name=value". A quoted value has been unquoted, and is a token. §9.1.
struct ExtensionParameter {
  std::string name;                  ///< A token, as sent.
  std::optional<std::string> value;  ///< Unset for a name alone.
};

/// One element of the list: an extension with its parameters, in order.
struct Extension {
  std::string name;                            ///< A token, as sent.
  std::vector<ExtensionParameter> parameters;  ///< In order; names may repeat.
};

/// Parses the value of one header field; a list over several fields is parsed field by field.
/// Errc::bad_extensions if the value does not follow the grammar or has more than
/// limits::extension_elements, of which earlier fields had `elements_before`. Linear time.
[[nodiscard]] Expected<std::vector<Extension>> parse_extensions(std::string_view text,
                                                                std::size_t elements_before = 0);

/// Returns the number of extensions and of their parameters together, for `elements_before`.
[[nodiscard]] std::size_t count_elements(const std::vector<Extension>& extensions) noexcept;

}  // namespace wirespan
